import { limitsOf } from '@blindllama/web-sdk/sentences'
import { h, icon } from '../dom.js'
import { duration, iconOf, limitElement, refusalOf, timeText, toneOf } from '../words.js'
import type { ProofState } from '../proof/source.js'
import { filled, type Strings } from '../strings/strings.js'

/** The answer in three words, and what it means. */
export function answerCard(state: ProofState, strings: Strings, retry: (() => void) | undefined): HTMLElement {
  const { status, verdict, problem, renewing, provenAtMs, expiresAtMs } = state
  const refused = status === 'refused' ? refusalOf(state, strings) : undefined
  const passed = status !== 'refused' && verdict?.result === 'pass' ? verdict : undefined
  const times = [
    provenAtMs !== undefined && filled(strings.provenAt, timeText(provenAtMs, strings.lang)),
    expiresAtMs !== undefined && filled(strings.validFor, duration(expiresAtMs - Date.now())),
  ].filter((text) => text !== false)
  return h(
    'section',
    { class: 'answer', 'data-tone': toneOf(status), 'data-status': status, 'aria-label': strings.title },
    h('p', { class: 'word' }, icon(iconOf(status)), strings.answer[status]),
    passed && h('p', { class: 'what' }, assuranceText(passed, strings)),
    refused
      ? h(
          'p',
          { lang: refused.lang },
          `${refused.sentence} `,
          refused.code !== undefined && h('code', { 'data-code': refused.code }, refused.code),
        )
      : h('p', {}, strings.meaning[status]),
    times.length > 0 && h('small', { class: 'times' }, times.join(' · ')),
    renewing && h('p', { class: 'soft' }, strings.renewing),
    !refused &&
      typeof problem === 'object' &&
      h(
        'p',
        { class: 'note', 'data-tone': 'warn' },
        filled(strings.renewalFailed, `${problem.reason} (${problem.code})`),
      ),
    retry &&
      h(
        'div',
        { class: 'row' },
        h(
          'button',
          {
            type: 'button',
            'data-focus': 'retry',
            disabled: renewing || status === 'checking',
            onclick: () => retry(),
          },
          strings.retry,
        ),
      ),
  )
}

function assuranceText(
  { assurance, release }: { assurance: keyof Strings['assurance']; release?: string },
  strings: Strings,
): HTMLElement {
  return h(
    'span',
    {},
    strings.assurance[assurance],
    release !== undefined && ' · ',
    release !== undefined && h('bdi', {}, release),
  )
}

/** Who could still lie, the limits, and what no proof shows. */
export function openQuestions({ verdict }: ProofState, strings: Strings): readonly HTMLElement[] {
  const passed = verdict?.result === 'pass' ? verdict : undefined
  const limits = passed ? limitsOf(passed) : []
  const unproven =
    passed && passed.assurance !== 'cvm-bound' ? [strings.memoryNotProven, ...strings.notProven] : strings.notProven
  const caveat = verdict?.anchor?.caveat
  return [
    ...(caveat === undefined
      ? []
      : [h('h3', {}, strings.whoCouldLie), h('p', { lang: 'en', class: 'caveat' }, caveat)]),
    ...(limits.length === 0
      ? []
      : [
          h('h3', {}, strings.limitsTitle),
          h('ul', { class: 'limits' }, ...limits.map((limit) => h('li', {}, limitElement(limit, strings)))),
        ]),
    h('h3', {}, strings.notProvenTitle),
    h('ul', { class: 'soft unproven' }, ...unproven.map((text) => h('li', {}, text))),
  ]
}

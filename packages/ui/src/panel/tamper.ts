import type { Verdict } from '@blindllama/web-sdk'
import { sentenceOfRefusal } from '@blindllama/web-sdk/sentences'
import { h } from '../dom.js'
import type { Evidence } from '../proof/evidence.js'
import type { ProofSource } from '../proof/source.js'
import { type Part, PARTS, tamper } from '../proof/tamper.js'
import type { Strings } from '../strings/strings.js'
import { stepList } from './steps.js'

/** The switch that flips one bit of a copy of the evidence, and what the real verifier says of it. */
export function tamperSection(
  source: ProofSource,
  evidence: Evidence,
  verdict: Verdict,
  strings: Strings,
): readonly HTMLElement[] {
  const outcome = h('div', { role: 'status', class: 'outcome' })
  const toggle = h('input', { type: 'checkbox', role: 'switch', 'data-focus': 'tamper', onchange: () => void run() })
  const part = h(
    'select',
    { 'aria-label': strings.tamperPart, onchange: () => void run() },
    ...PARTS.map((value) => h('option', { value }, strings.parts[value])),
  )
  let turn = 0
  const run = async (): Promise<void> => {
    turn += 1
    const own = turn
    outcome.replaceChildren()
    if (!toggle.checked) return
    const altered = tamper(evidence, part.value as Part, verdict)
    const shown = altered
      ? await judged(source, altered, strings)
      : [h('p', { class: 'note', 'data-tone': 'warn' }, strings.tamperAbsent)]
    if (own === turn) outcome.replaceChildren(...shown)
  }
  return [
    h('p', { class: 'soft' }, strings.tamperNote),
    h('div', { class: 'row' }, h('label', {}, toggle, strings.tamperSwitch), part),
    outcome,
  ]
}

async function judged(source: ProofSource, altered: Evidence, strings: Strings): Promise<readonly HTMLElement[]> {
  let verdict: Verdict
  try {
    verdict = await source.verify(altered)
  } catch (error) {
    // Nothing was verified, so that nothing is said of the evidence.
    return [h('p', { class: 'note', 'data-tone': 'bad' }, `${strings.unverified} ${(error as Error).message}`)]
  }
  if (verdict.result === 'pass')
    return [h('p', { class: 'note', 'data-tone': 'bad', 'data-tampered': 'accepted' }, strings.tamperUnnoticed)]
  return [
    h(
      'p',
      { class: 'note', 'data-tone': 'good', 'data-tampered': 'refused' },
      h('strong', {}, `${strings.tampered}: `),
      h('span', { lang: 'en' }, sentenceOfRefusal(verdict), ' '),
      h('code', { 'data-code': verdict.code }, verdict.code),
    ),
    stepList(
      verdict.steps.filter(({ status }) => status === 'fail'),
      strings,
    ),
  ]
}

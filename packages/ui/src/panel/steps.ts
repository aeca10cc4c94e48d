import type { Step } from '@blindllama/web-sdk'
import { sentenceOfStep } from '@blindllama/web-sdk/sentences'
import { h, icon } from '../dom.js'
import type { Strings } from '../strings/strings.js'

export function stepList(steps: readonly Step[], strings: Strings): HTMLElement {
  return h(
    'ol',
    { class: 'steps' },
    ...steps.map((step) => {
      const { id, status, code } = step
      return h(
        'li',
        { 'data-testid': 'step', 'data-id': id, 'data-status': status },
        h('span', { class: 'mark' }, icon(status), h('span', { class: 'hidden' }, `${strings.stepStatus[status]}:`)),
        h(
          'span',
          { class: 'link' },
          h(
            'strong',
            strings.steps ? {} : { lang: 'en' },
            strings.steps?.[id] ?? sentenceOfStep({ ...step, status: 'pass' }),
          ),
          status !== 'pass' && h('small', { lang: 'en' }, sentenceOfStep(step)),
          h('code', {}, code === 'ok' ? id : `${id} · ${code}`),
        ),
      )
    }),
  )
}

/** “Passed 21 · Warning 1 · Not checked 3”. */
export function stepSummary(steps: readonly Step[], { stepStatus }: Strings): string {
  return (['fail', 'pass', 'warn', 'skipped'] as const)
    .map((status) => [stepStatus[status], steps.filter((step) => step.status === status).length] as const)
    .filter(([, count]) => count > 0)
    .map((pair) => pair.join(' '))
    .join(' · ')
}

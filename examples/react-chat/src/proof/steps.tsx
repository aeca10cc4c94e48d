import type { Step } from '@blindllama/web-sdk'
import { sentenceOfStep } from '@blindllama/web-sdk/sentences'
import type { ReactElement } from 'react'
import { CheckIcon, CrossIcon, DashIcon, WarningIcon } from '../ui/icons.tsx'
import { STEP_TITLES } from './words.ts'

const ICONS: Record<Step['status'], () => ReactElement> = {
  pass: CheckIcon,
  warn: WarningIcon,
  fail: CrossIcon,
  skipped: DashIcon,
}
const SAID: Record<Step['status'], string> = { pass: 'Passed', warn: 'Warning', fail: 'Failed', skipped: 'Not checked' }

export function Steps({ steps }: { readonly steps: readonly Step[] }): ReactElement {
  return (
    <ol className="steps">
      {steps.map((step) => (
        <StepRow key={step.id} step={step} />
      ))}
    </ol>
  )
}

function StepRow({ step }: { readonly step: Step }): ReactElement {
  const { id, status, code } = step
  const StatusIcon = ICONS[status]
  return (
    <li className="step" data-testid="step" data-id={id} data-status={status}>
      <span className="step-mark">
        <StatusIcon />
        <span className="visually-hidden">{SAID[status]}:</span>
      </span>
      <div className="step-text">
        <p className="step-title">{STEP_TITLES[id]}</p>
        <p className="step-detail">{sentenceOfStep(step)}</p>
        <p className="step-codes">
          <code>{id}</code>
          {code !== 'ok' && <code className="step-code">{code}</code>}
        </p>
      </div>
    </li>
  )
}

/** “21 passed, 1 warning, 3 not checked”. */
export function stepSummary(steps: readonly Step[]): string {
  const count = (status: Step['status']): number => steps.filter((step) => step.status === status).length
  const warnings = count('warn')
  return [
    [count('fail'), 'failed'],
    [count('pass'), 'passed'],
    [warnings, warnings === 1 ? 'warning' : 'warnings'],
    [count('skipped'), 'not checked'],
  ]
    .filter(([number]) => number !== 0)
    .map(([number, word]) => `${number} ${word}`)
    .join(', ')
}

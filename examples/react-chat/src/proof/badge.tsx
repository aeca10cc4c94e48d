import type { BlindLlamaState } from '@blindllama/web-sdk/react'
import type { ReactElement } from 'react'
import { ChevronIcon, LockIcon, OpenLockIcon, WarningIcon } from '../ui/icons.tsx'

interface BadgeProps {
  readonly state: BlindLlamaState
  /** Whether an earlier verification allowed something to be sent. */
  readonly sentBefore: boolean
  readonly onOpen: () => void
}

export function Badge({ state, sentBefore, onOpen }: BadgeProps): ReactElement {
  const simulated = state.status === 'ready' && state.verification.simulated
  const text = badgeText(state.status, simulated, sentBefore)
  return (
    <>
      <button
        type="button"
        className="badge"
        data-testid="badge"
        data-status={state.status}
        data-simulated={simulated}
        aria-haspopup="dialog"
        title="Show the verification"
        onClick={onOpen}
      >
        <BadgeIcon status={state.status} simulated={simulated} />
        <span>{text}</span>
        <ChevronIcon />
      </button>
      {/* Changes inside a button are not announced. */}
      <span className="visually-hidden" role="status">
        {text}
      </span>
    </>
  )
}

function BadgeIcon({
  status,
  simulated,
}: {
  readonly status: BlindLlamaState['status']
  readonly simulated: boolean
}): ReactElement {
  if (status === 'ready') return simulated ? <WarningIcon /> : <LockIcon />
  if (status === 'error') return <OpenLockIcon />
  return <span className="spinner" />
}

function badgeText(status: BlindLlamaState['status'], simulated: boolean, sentBefore: boolean): string {
  if (status === 'ready') return simulated ? 'Verified · simulated TPM' : 'Verified'
  if (status === 'error') return `Not verified — nothing ${sentBefore ? 'more ' : ''}was sent`
  return 'Verifying…'
}

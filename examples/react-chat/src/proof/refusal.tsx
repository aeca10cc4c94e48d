import type { BlindLlamaError } from '@blindllama/web-sdk'
import type { ReactElement } from 'react'
import { reasonOf } from '../explain.ts'
import { AgainIcon, OpenLockIcon } from '../ui/icons.tsx'

interface RefusalProps {
  readonly error: BlindLlamaError
  /** Whether an earlier verification allowed something to be sent. */
  readonly sentBefore: boolean
  readonly onDetails: () => void
  readonly onRetry: () => void
}

/** Stands over the composer while the service is not verified: why, what was sent (nothing), and what one can do. */
export function Refusal({ error, sentBefore, onDetails, onRetry }: RefusalProps): ReactElement {
  return (
    <div className="refusal">
      <div className="failure" data-testid="error" data-code={error.code} role="alert">
        <OpenLockIcon />
        <div>
          <p>
            <strong>Not verified. Nothing {sentBefore ? 'more is' : 'was'} sent.</strong>
          </p>
          <p>{reasonOf(error)}</p>
          <code>{error.code}</code>
          <div className="failure-foot">
            <button type="button" className="button" onClick={onRetry}>
              <AgainIcon />
              Verify again
            </button>
            <button type="button" className="button" onClick={onDetails}>
              See why
            </button>
          </div>
        </div>
      </div>
    </div>
  )
}

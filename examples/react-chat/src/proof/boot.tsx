import type { Report } from '@blindllama/web-sdk'
import type { ReactElement } from 'react'
import { CheckIcon } from '../ui/icons.tsx'
import { type BootEvent, bootEvents, secureBootSentence } from './boot-events.ts'

/** What the machine says it booted, and which of it the measurements prove. */
export function Boot({ log }: { readonly log: NonNullable<Report['eventLog']> }): ReactElement {
  return (
    <div data-testid="boot">
      <p>{secureBootSentence(log.secureBoot)}</p>
      <ol className="boot">
        {bootEvents(log).map((event) => (
          <BootRow key={event.index} event={event} />
        ))}
      </ol>
      {log.unexplained.length > 0 && <p>The log does not explain PCR {log.unexplained.join(', ')}.</p>}
    </div>
  )
}

function BootRow({
  event: { pcr, description, measured, called, digest },
}: {
  readonly event: BootEvent
}): ReactElement {
  return (
    <li className="boot-event" data-verified={measured}>
      <bdi className="boot-description">{description}</bdi>
      {measured && (
        <span className="boot-verified">
          <CheckIcon />
          verified: the TPM measured exactly this into PCR {pcr}
        </span>
      )}
      <span className="boot-claimed" title={digest}>
        {measured ? (
          <>
            claimed by the log: what this is, “<bdi>{called}</bdi>”
          </>
        ) : (
          <>
            claimed by the log: the TPM measured this into PCR {pcr}, as “<bdi>{called}</bdi>”
          </>
        )}
      </span>
    </li>
  )
}

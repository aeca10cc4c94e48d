import type { Report } from '@blindllama/web-sdk'
import type { ReactElement } from 'react'
import { CheckIcon } from '../ui/icons.tsx'
import { bootEvents, secureBootSentence } from './boot-events.ts'
import { SUBJECT_TITLES } from './words.ts'

/** What the machine says it booted, and which of it the measurements prove. */
export function Boot({ log }: { readonly log: NonNullable<Report['eventLog']> }): ReactElement {
  return (
    <div data-testid="boot">
      <p>{secureBootSentence(log.secureBoot)}</p>
      <ol className="boot">
        {bootEvents(log).map(({ index, pcr, subject, description, verified, digest }) => (
          <li className="boot-event" data-verified={verified} key={index}>
            <span className="boot-subject">
              {SUBJECT_TITLES[subject] ?? subject} <span className="section-note">PCR {pcr}</span>
            </span>
            <span className="boot-description">{description}</span>
            {verified ? (
              <span className="boot-verified">
                <CheckIcon />
                verified: the TPM measured exactly this
              </span>
            ) : (
              <span className="boot-claimed" title={digest}>
                claimed: the TPM measured something, and the log says that it was this
              </span>
            )}
          </li>
        ))}
      </ol>
      {log.unexplained.length > 0 && <p>The log does not explain PCR {log.unexplained.join(', ')}.</p>}
    </div>
  )
}

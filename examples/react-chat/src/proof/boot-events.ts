import type { Report } from '@blindllama/web-sdk'
import { SUBJECT_TITLES } from './words.ts'

type Log = NonNullable<Report['eventLog']>
type LoggedEvent = Log['events'][number]

/** What EV_SEPARATOR measures (TCG PC Client Platform Firmware Profile), as the verifier describes these bytes. */
const SEPARATORS: ReadonlySet<string> = new Set(['00000000', 'ffffffff'])

/** An event of a boot, with what of it is measured and what the log only claims. */
export interface BootEvent {
  readonly index: number
  readonly pcr: number
  /** The bytes that were measured, in words; a claim of the log where they were not. */
  readonly description: string
  readonly measured: boolean
  /** What the log calls it. No digest covers the type of an event or its label: this is a claim on every event. */
  readonly called: string
  readonly digest: string | undefined
}

/**
 * What was started and how. Remarks are left out, because they extend nothing, and so are separators, which say nothing: both are
 * told by what was measured. An event that is only called a separator is shown.
 */
export function bootEvents(log: Log): readonly BootEvent[] {
  return log.events
    .filter((event) => event.subject !== 'remark' && !isSeparator(event))
    .map(({ index, pcr, description, verified, subject, digest }) => ({
      index,
      pcr,
      description,
      measured: verified,
      called: SUBJECT_TITLES[subject] ?? subject,
      digest,
    }))
}

function isSeparator({ verified, description }: LoggedEvent): boolean {
  return verified && SEPARATORS.has(description)
}

export function secureBootSentence(enforced: boolean | undefined): string {
  if (enforced === undefined) return 'Secure Boot: the log does not prove whether it was on.'
  return `Secure Boot was ${enforced ? 'on' : 'off'}, as the measurements prove.`
}

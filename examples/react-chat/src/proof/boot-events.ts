import type { Report } from '@blindllama/web-sdk'

type Log = NonNullable<Report['eventLog']>

/** Remarks extend nothing, and separators say nothing: what is left is what was started and how. */
export function bootEvents(log: Log): Log['events'] {
  return log.events.filter(({ subject }) => subject !== 'remark' && subject !== 'separator')
}

export function secureBootSentence(enforced: boolean | undefined): string {
  if (enforced === undefined) return 'Secure Boot: the log does not prove whether it was on.'
  return `Secure Boot was ${enforced ? 'on' : 'off'}, as the measurements prove.`
}

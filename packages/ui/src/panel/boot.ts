import type { Report } from '@blindllama/web-sdk'
import { h } from '../dom.js'
import { filled, type Strings } from '../strings/strings.js'

type EventLogReport = NonNullable<Report['eventLog']>
type LoggedEvent = EventLogReport['events'][number]

/** What EV_SEPARATOR measures (TCG PC Client Platform Firmware Profile), as the verifier describes these bytes. */
const separators: ReadonlySet<string> = new Set(['00000000', 'ffffffff'])

/**
 * What was started and how. Remarks are left out, because they extend nothing, and so are separators, which say nothing: both are
 * told by what was measured. An event that is only called a separator is shown.
 */
export function shownEvents({ events }: EventLogReport): readonly LoggedEvent[] {
  return events.filter(
    ({ subject, verified, description }) => subject !== 'remark' && !(verified && separators.has(description)),
  )
}

/** The log as a timeline. No digest covers the type of an event or its label: what the log calls it is a claim on every event. */
export function timeline(log: EventLogReport, strings: Strings): readonly HTMLElement[] {
  const [unknown, on, off] = strings.secureBoot
  return [
    h('p', { class: 'soft' }, strings.bootNote),
    h('p', {}, log.secureBoot === undefined ? unknown : log.secureBoot ? on : off),
    h(
      'ol',
      { class: 'boot', 'data-testid': 'boot' },
      ...shownEvents(log).map(({ pcr, description, verified, subject, digest }) => {
        const title = strings.subjects?.[subject] ?? subject
        return h(
          'li',
          { class: 'boot-event', 'data-verified': String(verified), title: digest },
          h('bdi', {}, description),
          verified && h('span', { class: 'measured' }, filled(strings.measuredExactly, pcr)),
          h(
            'span',
            { class: 'claimed' },
            verified ? filled(strings.claimedKind, title) : filled(strings.claimedAll, pcr, title),
          ),
        )
      }),
    ),
    ...(log.unexplained.length === 0 ? [] : [h('p', {}, filled(strings.unexplained, log.unexplained.join(', ')))]),
  ]
}

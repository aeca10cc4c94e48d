import type { Io } from '../terminal/io.js'
import { section } from '../terminal/rows.js'
import { type Style, styleOf } from '../terminal/style.js'
import { padded, type Shown, shown } from '../terminal/text.js'
import type { EventLogReport, Finding } from './report.js'

/** A log for a person: a table for each PCR, then what is wrong. */
export function present(report: EventLogReport, io: Io): Shown {
  const style = styleOf(io)
  const title = style.bold(report.name)
  if (report.parse !== 'ok') {
    const place = report.event === undefined ? '' : ` at event ${report.event}`
    return shown`${title}  ${style.bad(`cannot be read${place}`)} ${style.dim(`(${report.parse})`)}\n\n`
  }
  const secureBoot = report.secureBoot === undefined ? 'not shown by the log' : report.secureBoot ? 'on' : 'off'
  const banks = Object.keys(report.replayedPcrs ?? {}).join(', ')
  const pcrs = [...new Set(report.events.map(({ pcr }) => pcr))].toSorted((a, b) => a - b)
  const findings = report.findings.map((finding) => shown`  ${style.warn('!')} ${sentence(finding)}\n`)
  const incomplete = (report.incomplete ?? []).map(
    ({ bank, event }) => shown`  ${style.warn('!')} ${bank} is not replayed: event ${event} has no digest of it\n`,
  )
  return shown`${title}  ${report.events.length} events, banks ${banks || 'none'}
${style.warn(style.bold('NOT VERIFIED'))}  what the log says; only a quote over these values proves it. Secure Boot, as the log says: ${secureBoot}
${incomplete}${pcrs.map((pcr) => table(report, pcr, style))}${section('Findings', findings, style)}\n`
}

function table({ bank = '', events, replayedPcrs }: EventLogReport, pcr: number, style: Style): Shown {
  const value = replayedPcrs?.[bank]?.[pcr]
  const rows = events.filter((event) => event.pcr === pcr)
  const lines = rows.map(({ index, type, description, verified }) => {
    // Neutral: the digest is that of the data, and no TPM has signed the digest yet.
    const mark = verified ? style.bold('✓') : style.dim('?')
    return shown`  ${mark} ${padded(String(index), 4, 'right')}  ${style.dim(padded(String(type), 34))} ${description}\n`
  })
  return section(value === undefined ? `PCR ${pcr}` : `PCR ${pcr}  ${value}`, lines, style)
}

function sentence({ code, event, pcr }: Finding): string {
  return `${code}${pcr === undefined ? '' : `, PCR ${pcr}`}${event === undefined ? '' : `, event ${event}`}`
}

import type { Io } from '../terminal/io.js'
import { section } from '../terminal/rows.js'
import { printable, type Style, styleOf } from '../terminal/style.js'
import type { EventLogReport, Finding } from './report.js'

/** A log for a person: a table for each PCR, then what is wrong. */
export function present(report: EventLogReport, io: Io): string {
  const style = styleOf(io)
  const title = style.bold(printable(report.name))
  if (report.parse !== 'ok') {
    const place = report.event === undefined ? '' : ` at event ${report.event}`
    return `${title}  ${style.bad(`cannot be read${place}`)} ${style.dim(`(${report.parse})`)}\n\n`
  }
  const secureBoot = report.secureBoot === undefined ? 'not shown by the log' : report.secureBoot ? 'on' : 'off'
  const banks = Object.keys(report.replayedPcrs ?? {}).join(', ')
  const summary = `${report.events.length} events, banks ${banks || 'none'}, Secure Boot ${secureBoot}`
  const pcrs = [...new Set(report.events.map(({ pcr }) => pcr))].toSorted((a, b) => a - b)
  const findings = report.findings.map((finding) => `  ${style.warn('!')} ${sentence(finding)}\n`).join('')
  const incomplete = (report.incomplete ?? [])
    .map(({ bank, event }) => `  ${style.warn('!')} ${bank} is not replayed: event ${event} has no digest of it\n`)
    .join('')
  return `${title}  ${summary}\n${incomplete}${pcrs.map((pcr) => table(report, pcr, style)).join('')}${section('Findings', findings, style)}\n`
}

function table({ bank = '', events, replayedPcrs }: EventLogReport, pcr: number, style: Style): string {
  const value = replayedPcrs?.[bank]?.[pcr]
  const rows = events.filter((event) => event.pcr === pcr)
  const lines = rows.map(({ index, type, description, verified }) => {
    const mark = verified ? style.good('✓') : style.dim('?')
    return `  ${mark} ${String(index).padStart(4)}  ${style.dim(String(type).padEnd(34))} ${printable(description)}\n`
  })
  return section(`PCR ${pcr}  ${value ?? ''}`.trimEnd(), lines.join(''), style)
}

function sentence({ code, event, pcr }: Finding): string {
  return `${code}${pcr === undefined ? '' : `, PCR ${pcr}`}${event === undefined ? '' : `, event ${event}`}`
}

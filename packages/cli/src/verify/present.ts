import type { Step, Verdict } from '@blindllama/web-sdk'
import type { Io } from '../terminal/io.js'
import { facts, instant, section } from '../terminal/rows.js'
import { printable, type Style, styleOf } from '../terminal/style.js'
import type { Outcome } from './outcome.js'

/** An outcome for a person: the result first, then every step, then what is known of the service. */
export function present(outcome: Outcome, io: Io): string {
  const style = styleOf(io)
  const { verdict } = outcome
  return [
    headline(outcome, style),
    section('Steps', verdict.steps.map((step) => line(step, style)).join(''), style),
    section('Service', facts(known(verdict), style), style),
    section('Measurements', facts(measurements(verdict), style), style),
    section('Proven', sentences(outcome.proven), style),
    section('Only said', sentences(outcome.claimed), style),
  ].join('')
}

function headline({ verdict, kind, simulated }: Outcome, style: Style): string {
  if (verdict.result === 'fail')
    return `${style.bad(style.bold('REFUSED'))}  ${printable(verdict.detail)} ${style.dim(`(${verdict.code})`)}\n`
  const what = kind === 'record' ? 'verification record, without a conversation' : kind
  if (simulated === true)
    return `${style.warn(style.bold('SIMULATED'))}  ${what}: a software TPM answered, which proves nothing\n`
  return `${style.good(style.bold('PROVEN'))}  ${what}, ${verdict.assurance}: ${verdict.anchor?.caveat ?? ''}\n`
}

function line({ id, status, code, detail }: Step, style: Style): string {
  const mark = { pass: style.good('✓'), warn: style.warn('!'), fail: style.bad('✗'), skipped: style.dim('–') }[status]
  const reason = status === 'pass' ? '' : `  ${printable(detail)} (${code})`
  return `  ${mark} ${id.padEnd(20)}${status === 'fail' ? style.bad(reason) : style.dim(reason)}`.trimEnd() + '\n'
}

function known(verdict: Verdict): [string, string | undefined][] {
  const { ak, anchor, claims, clock } = verdict
  return [
    ['release', verdict.release],
    ['anchor', anchor && `${anchor.kind}, ${anchor.assurance}`],
    ['attestation key', ak && `${ak.algorithm}, ${ak.name}`],
    ['audiences', claims?.audiences.join(', ')],
    ['instance', claims && `${claims.instance}, epoch ${claims.epochId}`],
    ['model server', claims?.upstream],
    ['configuration', claims?.configDigest],
    ['its clock', claims && instant(claims.serverTimeMs)],
    ['TPM resets', clock && `${clock.resetCount}, restarts ${clock.restartCount}, firmware ${clock.firmwareVersion}`],
    ['key until', verdict.result === 'pass' ? `${verdict.key.validForMs} ms after the question` : undefined],
  ]
}

function measurements({ pcrs }: Verdict): [string, string][] {
  return (pcrs?.values ?? []).map(({ index, value, rule }) => [`PCR ${index}`.padEnd(6), `${value}  ${rule}`])
}

function sentences(all: readonly string[]): string {
  return all.map((sentence) => `  ${printable(sentence)}\n`).join('')
}

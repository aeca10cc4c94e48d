import type { Step, Verdict } from '@blindllama/web-sdk'
import { sentenceOfStep } from '@blindllama/web-sdk/sentences'
import type { Io } from '../terminal/io.js'
import { facts, instant, type Row, section, sentences } from '../terminal/rows.js'
import { type Style, styleOf } from '../terminal/style.js'
import { list, padded, type Shown, shown } from '../terminal/text.js'
import type { Judged, Outcome, OwnPolicy } from './outcome.js'

/** An outcome for a person: the result first, then every step, then what is known of the service. */
export function present(outcome: Outcome, io: Io): Shown {
  return 'verdict' in outcome ? presentJudged(outcome, styleOf(io)) : presentOwnPolicy(outcome, styleOf(io))
}

function presentJudged(outcome: Judged, style: Style): Shown {
  const { verdict } = outcome
  return shown`${[
    headline(outcome, style),
    section('Limits', sentences(outcome.limits), style),
    section('Steps', lines(verdict.steps, style), style),
    section('Service', facts(known(verdict), style), style),
    section('Measurements', facts(measurements(verdict), style), style),
    section(outcome.result === 'pass' ? 'Proven' : 'Proven, as of its time', sentences(outcome.proven), style),
    section('Claimed, not proven', sentences(outcome.claimed), style),
  ]}`
}

/** The three answers of the panel in a page, in its words. */
function headline({ result, verdict, kind, answer, why }: Judged, style: Style): Shown {
  if (verdict.result === 'fail')
    return shown`${style.bad(style.bold('NOT PROVEN'))}  refused: ${why ?? ''} ${style.dim(`(${verdict.code})`)}\n`
  const what = titleOf(kind)
  if (answer === 'simulated')
    return shown`${style.warn(style.bold('NOT PROVEN'))}  ${what}, simulated: a software TPM answered, which proves nothing\n`
  if (result === 'withdrawn')
    return shown`${style.warn(style.bold('WITHDRAWN SINCE'))}  ${what}: it passed as of its time, and the release was withdrawn later\n`
  if (result === 'unchecked')
    return shown`${style.warn(style.bold('UNCHECKED SINCE'))}  ${what}: it passed as of its time. Give --status FILE to learn what was withdrawn later\n`
  const word = answer === 'limited' ? style.warn(style.bold('PROVEN, WITH LIMITS')) : style.good(style.bold('PROVEN'))
  return shown`${word}  ${what}, ${verdict.assurance}: ${verdict.anchor?.caveat ?? ''}\n`
}

/** Shows no step, assurance or release: each would follow from a policy that the maker of the file wrote. */
function presentOwnPolicy({ result, kind, code, detail, policySha256, claimed }: OwnPolicy, style: Style): Shown {
  const head =
    result === 'consistent'
      ? shown`${style.warn(style.bold('CONSISTENT WITH ITS OWN POLICY'))}  ${titleOf(kind)}: this shows nothing about any service\n`
      : shown`${style.bad(style.bold('REFUSED'))}  by the policy in the file itself: ${detail ?? ''} ${style.dim(`(${code ?? ''})`)}\n`
  return shown`${[
    head,
    section(
      'To judge it',
      sentences(['blindllama verify FILE --policy FILE: with the policy of the service, from a source that you trust']),
      style,
    ),
    section('Policy in the file', facts([['SHA-256', policySha256]], style), style),
    section('Claimed', sentences(claimed), style),
  ]}`
}

function titleOf(kind: Outcome['kind']): string {
  return kind === 'record' ? 'verification record, without a conversation' : kind
}

/** Each step, but for those behind the one that failed: that they did not run is one fact. */
function lines(steps: readonly Step[], style: Style): readonly Shown[] {
  const reached = steps.filter(({ code }) => code !== 'verdict.not_reached')
  const count = steps.length - reached.length
  const rest =
    count === 0
      ? []
      : [shown`  ${style.dim('–')} ${style.dim(`${count} later steps did not run (verdict.not_reached)`)}\n`]
  return [...reached.map((step) => line(step, style)), ...rest]
}

function line(step: Step, style: Style): Shown {
  const { id, status, code } = step
  const mark = { pass: style.good('✓'), warn: style.warn('!'), fail: style.bad('✗'), skipped: style.dim('–') }[status]
  if (status === 'pass') return shown`  ${mark} ${id}\n`
  const reason = shown`${sentenceOfStep(step)} (${code})`
  return shown`  ${mark} ${padded(id, 20)}  ${status === 'fail' ? style.bad(reason) : style.dim(reason)}\n`
}

function known(verdict: Verdict): Row[] {
  const { ak, anchor, claims, clock } = verdict
  return [
    ['release', verdict.release],
    ['anchor', anchor && `${anchor.kind}, ${anchor.assurance}`],
    ['attestation key', ak && keyOf(ak)],
    ['audiences', claims && list(claims.audiences)],
    ['instance', claims && shown`${claims.instance}, epoch ${claims.epochId}`],
    ['instance key', claims?.instanceKey],
    ['model server', claims?.upstream],
    ['prompt cache', claims?.promptCache],
    ['configuration', claims?.configDigest],
    ['its clock', claims && instant(claims.serverTimeMs)],
    ['TPM resets', clock && `${clock.resetCount}, restarts ${clock.restartCount}, firmware ${clock.firmwareVersion}`],
    ['key until', verdict.result === 'pass' ? `${verdict.key.validForMs} ms after the question` : undefined],
  ]
}

/** A chain without `hierarchy` vouches for the key and not for its attributes: the verdict then has no Name. */
function keyOf({ algorithm, name }: { algorithm: string; name?: string }): Shown {
  return name === undefined ? shown`${algorithm}, its Name is not proven` : shown`${algorithm}, ${name}`
}

function measurements({ pcrs }: Verdict): Row[] {
  return (pcrs?.values ?? []).map(({ index, value, rule }): Row => [`PCR ${index}`.padEnd(6), `${value}  ${rule}`])
}

import type { Ended } from '../failover/visitor.ts'
import type { Fault, Kind } from './faults.ts'

/** A visitor's requests under one setting of `resend`. */
export interface Visit {
  readonly resend: 'default' | 'never'
  readonly ended: readonly Ended[]
  /** The request after all faults. */
  readonly last: Ended
}

/** What was seen. */
export interface Figures {
  readonly streams: number
  readonly whole: number
  /** Codes of the others, with their number. */
  readonly codes: Readonly<Record<string, number>>
  readonly resent: number
  /** Of each kind that was killed. */
  readonly faults: Readonly<Partial<Record<Kind, number>>>
  /**
   * From each kill to the first token of the next request that any visitor began after it and that was answered, and to the moment by
   * which every visitor had one; the median and the slowest of each kind, in milliseconds.
   */
  readonly recoveryMs: Readonly<Partial<Record<Kind, { first: Spread; every: Spread }>>>
}

export interface Spread {
  readonly median: number
  readonly slowest: number
}

/** Longest time without an answer for every visitor after a kill, in milliseconds: a machine has to boot, and may be emulated. */
export const withinMs = (kind: Kind): number => (kind === 'VM' ? 180_000 : 15_000)

/** A stable code of this project, or the status of an answer that came whole. */
const isCode = (code: string): boolean => /^(?:[a-z]+\.[a-z_]+|http\.[45]\d\d)$/.test(code)

export function figuresOf(visits: readonly Visit[], faults: readonly Fault[]): Figures {
  const all = visits.flatMap(({ ended }) => ended)
  const codes: Record<string, number> = {}
  for (const { code } of all) if (code !== undefined) codes[code] = (codes[code] ?? 0) + 1
  const waits = (kind: Kind): number[][] =>
    faults
      .filter((fault) => fault.kind === kind)
      .map(({ killedAt }) => visits.map(({ ended }) => waitAfter(ended, killedAt)))
  return {
    streams: all.length,
    whole: all.filter(({ code, silentlyTruncated }) => code === undefined && !silentlyTruncated).length,
    codes,
    resent: all.reduce((sum, { resent }) => sum + resent, 0),
    faults: byKind(faults, (kind) => faults.filter((fault) => fault.kind === kind).length),
    recoveryMs: byKind(faults, (kind) => ({
      first: spread(waits(kind).map((times) => Math.min(...times))),
      every: spread(waits(kind).map((times) => Math.max(...times))),
    })),
  }
}

function byKind<T>(faults: readonly Fault[], of: (kind: Kind) => T): Partial<Record<Kind, T>> {
  const kinds = [...new Set(faults.map(({ kind }) => kind))]
  return Object.fromEntries(kinds.map((kind) => [kind, of(kind)])) as Partial<Record<Kind, T>>
}

/** @returns infinity where no request that began later was answered */
function waitAfter(ended: readonly Ended[], killedAt: number): number {
  const answered = ended.filter(({ code, beganAt }) => code === undefined && beganAt >= killedAt)
  return Math.min(Infinity, ...answered.map(({ firstAt = Infinity }) => firstAt - killedAt))
}

function spread(times: readonly number[]): Spread {
  const sorted = times.toSorted((one, other) => one - other)
  return { median: Math.round(sorted[Math.floor(sorted.length / 2)] ?? NaN), slowest: Math.round(sorted.at(-1) ?? NaN) }
}

/** What is not as it must be, in sentences. @param runs how often each request was run; undefined where nothing counts that */
export function defectsOf(
  visits: readonly Visit[],
  figures: Figures,
  runs: ReadonlyMap<string, number> | undefined,
): readonly string[] {
  const defects: string[] = []
  // Then the run shows nothing: the faults came where nobody asked.
  if (Object.keys(figures.codes).length + figures.resent === 0) defects.push('no fault met a request')
  for (const { resend, ended, last } of visits) {
    for (const { id, code, silentlyTruncated, resent } of ended) {
      if (silentlyTruncated) defects.push(`${id} ended too early without an error`)
      if (code !== undefined && !isCode(code)) defects.push(`${id} ended with '${code}', which is no code`)
      if (resend === 'never' && resent > 0) defects.push(`${id} was sent again under resend 'never'`)
      if (runs === undefined) continue
      const ran = runs.get(id) ?? 0
      if (resend === 'never' && ran > 1) defects.push(`${id} was run ${ran} times under resend 'never'`)
      if (ran > 1 + resent) defects.push(`${id} was run ${ran} times, and ${resent} repetitions were announced`)
      if (code === undefined && ran === 0) defects.push(`${id} was answered, and the model server did not run it`)
    }
    if (last.code !== undefined || last.silentlyTruncated)
      defects.push(`${last.id}, after all faults, ended with ${last.code ?? 'a part of the answer'}`)
  }
  for (const [kind, { every }] of Object.entries(figures.recoveryMs))
    if (!(every.slowest <= withinMs(kind as Kind)))
      defects.push(`${kind}: a visitor had no answer for ${every.slowest} ms`)
  return defects
}

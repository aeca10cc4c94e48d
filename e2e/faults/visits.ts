import { setTimeout } from 'node:timers/promises'
import type * as Sdk from '@blindllama/web-sdk'
import { type Dialect, Visitor } from '../failover/visitor.ts'
import { askAfterwards } from './afterwards.ts'
import { type Breakables, breakThings, type Fault } from './faults.ts'
import { type Visit, withinMs } from './judge.ts'

/** A visitor with his setting of `resend`. */
export interface Guest {
  readonly resend: Visit['resend']
  readonly visitor: Visitor
}

/** Connects visitors, every second one with `resend: 'never'`. */
export async function connectGuests(
  sdk: typeof Sdk,
  { url, policy }: { readonly url: string; readonly policy: string },
  number: number,
  dialect?: Dialect,
): Promise<Guest[]> {
  return Promise.all(
    Array.from({ length: number }, async (_, index): Promise<Guest> => {
      const resend = index % 2 === 0 ? 'default' : 'never'
      const options = { policy, ...(resend === 'never' && { resend }) }
      return { resend, visitor: await Visitor.connect(sdk, url, `visitor${index}`, options, dialect) }
    }),
  )
}

export interface Faulting {
  readonly breakables: Breakables
  readonly random: () => number
  /** Requests that must have ended before the faults do. */
  readonly streams: number
  /** Tokens of each answer. */
  readonly tokens: number
  /** Whether the next fault waits until every visitor had an answer: a machine that is killed again while it boots answers nobody. */
  readonly inTurn: boolean
  readonly onProgress: (message: string) => void
}

/** Kills things while the guests ask one question after the other, and lets each of them ask once more afterwards. */
export async function breakWhileVisited(
  guests: readonly Guest[],
  { breakables, random, streams, tokens, inTurn, onProgress }: Faulting,
): Promise<{ readonly visits: readonly Visit[]; readonly faults: readonly Fault[] }> {
  const leave = new AbortController()
  const visiting = Promise.all(guests.map(async ({ visitor }) => visitor.visit(leave.signal, tokens)))
  const count = (): number => guests.reduce((sum, { visitor }) => sum + visitor.ended.length, 0)
  const answeredSince = (time: number): number =>
    guests.filter(({ visitor }) => visitor.ended.some(({ code, beganAt }) => code === undefined && beganAt > time))
      .length
  const settled = async ({ kind, backAt, killedAt }: Fault): Promise<void> => {
    if (!inTurn) return
    const end = backAt + withinMs(kind)
    while (answeredSince(killedAt) < guests.length && performance.now() < end) await setTimeout(100)
    onProgress(`${answeredSince(killedAt)} of ${guests.length} visitors had an answer after the fault`)
  }
  await setTimeout(1000)
  const faults = await breakThings(breakables, random, (met) => met >= 2 && count() >= streams, {
    onKilled: (kind) => onProgress(`${kind} killed; ${count()} requests have ended`),
    settled,
  })
  leave.abort()
  await visiting
  onProgress('no more faults: every visitor asks once more')
  const visits = await Promise.all(
    guests.map(async ({ resend, visitor }): Promise<Visit> => {
      const last = await askAfterwards(resend, async () => visitor.ask(tokens))
      visitor.close()
      return { resend, ended: visitor.ended, last }
    }),
  )
  return { visits, faults }
}

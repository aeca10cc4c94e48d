import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type * as Sdk from '@blindllama/web-sdk'
import type { Certificate } from '../support/proxies/certificate.ts'
import { startProxy, type ProxyKind } from '../support/proxies/stock-proxy.ts'
import { CountingUpstream } from './counting-upstream.ts'
import { startFleet, type Fleet } from './fleet.ts'
import { Visitor } from './visitor.ts'

/** What happens to gateways while visitors ask. */
export const events = {
  /** One is killed and started again at once. */
  async restart({ members: [first] }: Fleet, lost: () => void): Promise<void> {
    lost()
    await first.kill()
    await first.start()
  },
  /** One is killed for good. */
  async removal({ members: [first] }: Fleet, lost: () => void): Promise<void> {
    lost()
    await first.kill()
  },
  /** One after the other is told to end, and started again. */
  async rolling({ members }: Fleet, lost: () => void): Promise<void> {
    for (const member of members) {
      lost()
      await member.stop()
      await member.start()
      await setTimeout(2000)
    }
  },
} as const

export type EventName = keyof typeof events

export interface Plan {
  readonly kind: ProxyKind
  readonly event: EventName
  readonly resend: 'default' | 'never'
  readonly visitors: number
  /** The longest that a visitor may be without an answer after the loss of a gateway, in milliseconds. */
  readonly withinMs: number
}

export interface Stage {
  readonly sdk: typeof Sdk
  readonly certificate: Certificate
  /** A private folder of this run. */
  readonly folder: string
  readonly signal: AbortSignal
}

/** What was seen of one plan. */
export interface Figures {
  readonly requests: number
  /** Requests that failed although nothing of an answer had arrived. */
  readonly failedUntouched: number
  /** Requests whose answer broke off with an error. */
  readonly brokenOff: number
  readonly silentlyTruncated: number
  /** Requests that the model server ran more than once. */
  readonly duplicates: number
  readonly resent: number
  /** From each loss to the moment by which every visitor had an answer again that began after it; the slowest, in milliseconds. */
  readonly slowestMs: number
  /** Codes of the errors, with their number. */
  readonly codes: Readonly<Record<string, number>>
}

const settleMs = 1500
/** Visitors are watched so long after the last loss at the least. */
const aftermathMs = 6000

/** Runs one plan: three gateways behind a stock proxy, visitors that ask, and what happens to the gateways. */
export async function play(plan: Plan, stage: Stage): Promise<Figures> {
  const { sdk, certificate, signal } = stage
  const folder = join(stage.folder, `${plan.kind.name}-${plan.event}-${plan.resend}`)
  await mkdir(folder)
  const upstream = await CountingUpstream.start()
  const undo: (() => Promise<unknown>)[] = [async () => upstream.stop()]
  try {
    const fleet = await startFleet(upstream.url, folder, signal)
    undo.push(fleet.stop)
    const [first, second, third] = fleet.members
    const target = {
      instance: first.instance,
      gateway: first.address,
      other: second.address,
      third: third.address,
    }
    const proxy = await startProxy(plan.kind, { folder, target, certificate, signal })
    undo.push(proxy.stop)
    const options = { policy: fleet.policy, ...(plan.resend === 'never' && { resend: 'never' }) }
    const visitors = await Promise.all(
      Array.from({ length: plan.visitors }, async (_, index) =>
        Visitor.connect(sdk, proxy.urls.clear, `visitor${index}`, options),
      ),
    )
    const leave = new AbortController()
    const visits = Promise.all(visitors.map(async (visitor) => visitor.visit(leave.signal)))
    await setTimeout(settleMs)
    const losses: number[] = []
    await events[plan.event](fleet, () => losses.push(performance.now()))
    const last = losses.at(-1) ?? 0
    await setTimeout(Math.max(0, last + aftermathMs - performance.now()))
    const answered = ({ ended }: Visitor): boolean =>
      ended.some(({ code, firstAt = 0 }) => code === undefined && firstAt >= last)
    while (!visitors.every(answered) && performance.now() < last + plan.withinMs) await setTimeout(100)
    await setTimeout(settleMs)
    leave.abort()
    await visits
    for (const visitor of visitors) visitor.close()
    return figuresOf(visitors, losses, upstream.duplicates)
  } finally {
    for (const step of undo.toReversed()) await step()
  }
}

function figuresOf(visitors: readonly Visitor[], losses: readonly number[], duplicates: number): Figures {
  const ended = visitors.flatMap((visitor) => visitor.ended)
  const failed = ended.filter(({ code }) => code !== undefined)
  const codes: Record<string, number> = {}
  for (const { code = '' } of failed) codes[code] = (codes[code] ?? 0) + 1
  const waits = visitors.flatMap((visitor) =>
    losses.map((lostAt) => {
      const answered = visitor.ended.filter(({ code, firstAt = 0 }) => code === undefined && firstAt >= lostAt)
      return Math.min(...answered.map(({ firstAt = Infinity }) => firstAt - lostAt))
    }),
  )
  return {
    requests: ended.length,
    failedUntouched: failed.filter(({ firstAt }) => firstAt === undefined).length,
    brokenOff: failed.filter(({ firstAt }) => firstAt !== undefined).length,
    silentlyTruncated: ended.filter(({ silentlyTruncated }) => silentlyTruncated).length,
    duplicates,
    resent: visitors.reduce((sum, { resent }) => sum + resent.length, 0),
    slowestMs: Math.round(Math.max(...waits)),
    codes,
  }
}

/** What is not as it must be, in sentences. */
export function defectsOf({ resend, withinMs }: Plan, figures: Figures): readonly string[] {
  const { failedUntouched, silentlyTruncated, duplicates, slowestMs, requests } = figures
  const defects: string[] = []
  if (requests === 0) defects.push('nothing was asked')
  if (!(slowestMs <= withinMs)) defects.push(`a visitor had no answer for ${slowestMs} ms after a loss`)
  if (silentlyTruncated > 0) defects.push(`${silentlyTruncated} answers ended too early without an error`)
  if (resend === 'default' && failedUntouched > 0)
    defects.push(`${failedUntouched} requests failed of which nothing had arrived`)
  if (resend === 'never' && duplicates > 0) defects.push(`${duplicates} requests were run twice`)
  return defects
}

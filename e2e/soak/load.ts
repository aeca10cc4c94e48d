import { randomBytes, randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type * as Sdk from '@blindllama/web-sdk'
import type { BlindLlamaClient } from '@blindllama/web-sdk'
import type { Staging } from '../../services/staging/staging.ts'
import { withoutPadding } from '../support/padding.ts'
import { digest } from '../support/upstream/received.ts'
import { eventsOf, wholeOf, type AnswerPlan } from '../support/upstream/answer-plan.ts'

/** How each kind of work ended, counted. */
export type Tally = Record<string, number>

/** Times at which the upstream was not there, in ms as `performance.now()` counts. */
export interface Outage {
  readonly fromMs: number
  toMs: number
}

/** For work that an outage may have touched: connections that were kept end within this time, in ms. */
const aftermathMs = 3000

/** How an attempt ended that did what it was to do. */
class Incomplete extends Error {}

/** Clients of one gateway that do everything that pages do, until they are told to stop. */
export class Load {
  readonly tally: Tally = {}
  readonly outages: Outage[] = []
  /** What should not have happened, the first of each kind. */
  readonly faults: Set<string> = new Set()
  readonly #sdk: typeof Sdk
  readonly #staging: Staging
  readonly #stop = new AbortController()
  readonly #running: Promise<void>[] = []

  constructor(sdk: typeof Sdk, staging: Staging) {
    this.#sdk = sdk
    this.#staging = staging
  }

  /** Starts `count` clients that do `work` again and again. */
  start(kind: 'stream' | 'whole' | 'abort' | 'upload' | 'visit', count: number): void {
    for (let client = 0; client < count; client++) this.#running.push(this.#repeat(kind))
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#running)
  }

  async #repeat(kind: 'stream' | 'whole' | 'abort' | 'upload' | 'visit'): Promise<void> {
    let client: BlindLlamaClient<true> | undefined
    while (!this.#stop.signal.aborted) {
      const fromMs = performance.now()
      try {
        client ??= await this.#connect()
        await this[kind](client)
        this.#count(`${kind}: done`)
      } catch (error) {
        const reason = this.#reasonOf(error)
        this.#count(`${kind}: ${reason}`)
        if (!this.#wasTouched(fromMs)) this.faults.add(`${kind}: ${reason}, while the upstream was there`)
        if (error instanceof Incomplete) this.faults.add(`${kind}: ${reason}`)
        await sleep(100)
      }
      if (kind === 'visit') {
        client?.close()
        client = undefined
      }
      await sleep(randomInt(5, 30))
    }
    client?.close()
  }

  async #connect(): Promise<BlindLlamaClient<true>> {
    const { url, policy } = this.#staging
    return this.#sdk.connect({ url, policy, dangerouslyAllowSimulated: true })
  }

  async stream(client: BlindLlamaClient<true>): Promise<void> {
    const plan = { tokens: randomInt(1, 60), everyMs: randomInt(0, 8) }
    const text = await (await this.#ask(client, plan)).text()
    if (withoutPadding(text) !== eventsOf(plan).join('')) throw new Incomplete('an answer ended as if it were whole')
  }

  async whole(client: BlindLlamaClient<true>): Promise<void> {
    const plan = { tokens: randomInt(1, 20_000), whole: true }
    const text = await (await this.#ask(client, plan)).text()
    if (text !== wholeOf(plan)) throw new Incomplete('an answer ended as if it were whole')
  }

  async abort(client: BlindLlamaClient<true>): Promise<void> {
    const own = new AbortController()
    setTimeout(() => own.abort(), randomInt(1, 150))
    try {
      await (await this.#ask(client, { tokens: 10_000, everyMs: 5 }, own.signal)).text()
    } catch (error) {
      if (!own.signal.aborted) throw error
    }
  }

  async upload(client: BlindLlamaClient<true>): Promise<void> {
    const file = randomBytes(randomInt(1, 6 << 20))
    const type = 'application/octet-stream'
    const response = await this.#fetch(client, 'v1/files', { method: 'POST', body: new Blob([file], { type }) })
    const { bytes, sha256 } = (await response.json()) as { bytes: number; sha256: string }
    const sent = digest(file)
    if (bytes !== sent.bytes || sha256 !== sent.sha256) throw new Incomplete('another file arrived')
  }

  async visit(client: BlindLlamaClient<true>): Promise<void> {
    await this.whole(client)
  }

  async #ask(client: BlindLlamaClient<true>, plan: AnswerPlan, signal?: AbortSignal): Promise<Response> {
    return this.#fetch(client, 'v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify(plan),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  async #fetch(client: BlindLlamaClient<true>, path: string, init: RequestInit): Promise<Response> {
    const response = await client.fetch(new URL(path, this.#staging.url), init)
    if (response.ok) return response
    await response.body?.cancel()
    throw new Error(response.headers.get('blindllama-code') ?? `status ${response.status}`)
  }

  #reasonOf(error: unknown): string {
    if (this.#sdk.BlindLlamaError.isInstance(error)) return error.code
    return error instanceof Error ? error.message : String(error)
  }

  #count(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1
  }

  /** Whether the upstream was away at some time since then. */
  #wasTouched(fromMs: number): boolean {
    return this.outages.some(({ toMs }) => fromMs < toMs + aftermathMs)
  }
}

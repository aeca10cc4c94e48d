import { setTimeout } from 'node:timers/promises'
import type * as Sdk from '@blindllama/web-sdk'
import { withoutPadding } from '../support/padding.ts'
import { eventsOf, type CountedRequest } from './counting-upstream.ts'

/** How a visitor asks, and what a whole answer is. */
export interface Dialect {
  /** Relative to the base URL. */
  readonly path: string
  /** The content of a request for an answer with so many tokens. */
  readonly request: (id: string, tokens: number) => object
  readonly isWhole: (text: string, tokens: number) => boolean
}

const countedRequest = (id: string, tokens: number): CountedRequest => ({ id, tokens, firstMs: 60, everyMs: 40 })

/** For the server of this folder: every token is known before. */
const counted: Dialect = {
  path: 'v1/chat/completions',
  request: countedRequest,
  isWhole: (text, tokens) => withoutPadding(text) === eventsOf({ tokens }).join(''),
}

/**
 * For a model server: what it says is not known, and its stream says where it ends. The prompt is a few tokens, because an emulated machine
 * computes few in a second, and a chat would put its template before it.
 */
export const streamed = (model: string): Dialect => ({
  path: 'v1/completions',
  request: (id, tokens) => ({ model, prompt: `${id} was`, max_tokens: tokens, stream: true }),
  isWhole: (text) =>
    /"finish_reason":\s*"(?:stop|length)"/.test(text) && withoutPadding(text).endsWith('data: [DONE]\n\n'),
})

/** How one request of a visitor ended. Times are those of `performance.now()`, in milliseconds. */
export interface Ended {
  /** Names the request at the model server. */
  readonly id: string
  /** How often the client announced that it sends the request again. */
  readonly resent: number
  readonly beganAt: number
  /** When its first token was read; `undefined` where none was. */
  readonly firstAt?: number
  /** Stable code of its error; `undefined` where it came to its end. */
  readonly code?: string
  /** It ended as if it were whole, and is not. */
  readonly silentlyTruncated: boolean
}

/** A page that asks one question after the other. */
export class Visitor {
  readonly ended: Ended[] = []
  /** Why its requests were sent again: codes. */
  readonly resent: string[] = []
  /** Why it attested. */
  readonly attested: string[] = []
  readonly #url: string
  readonly #name: string
  readonly #client: Sdk.BlindLlamaClient<true>
  readonly #dialect: Dialect

  private constructor(url: string, name: string, client: Sdk.BlindLlamaClient<true>, dialect: Dialect) {
    this.#url = url
    this.#name = name
    this.#client = client
    this.#dialect = dialect
  }

  /** The instance that answers now. */
  get instance(): string {
    return this.#client.verdict.key.instance
  }

  static async connect(
    sdk: typeof Sdk,
    url: string,
    name: string,
    options: object,
    dialect: Dialect = counted,
  ): Promise<Visitor> {
    const heard: Sdk.ConnectEvent[] = []
    let onEvent = (event: Sdk.ConnectEvent): void => void heard.push(event)
    const client = await sdk.connect({
      url,
      policy: '',
      ...options,
      dangerouslyAllowSimulated: true,
      onEvent: (event) => onEvent(event),
    })
    const visitor = new Visitor(url, name, client, dialect)
    onEvent = (event) => {
      if (event.type === 'resend') visitor.resent.push(event.error.code)
      if (event.type === 'attesting') visitor.attested.push(event.reason)
    }
    return visitor
  }

  /** Asks until `signal` aborts; a request under way then comes to its end. */
  async visit(signal: AbortSignal, tokens = 6): Promise<void> {
    while (!signal.aborted) {
      await this.ask(tokens)
      await setTimeout(200 + Math.random() * 200)
    }
  }

  /** Asks once, for an answer with so many tokens. */
  async ask(tokens = 6): Promise<Ended> {
    const ended = await this.#ask(`${this.#name}-${this.ended.length}`, tokens)
    this.ended.push(ended)
    return ended
  }

  close(): void {
    this.#client.close()
  }

  async #ask(id: string, tokens: number): Promise<Ended> {
    const ask = this.#dialect.request(id, tokens)
    const resentBefore = this.resent.length
    const beganAt = performance.now()
    let firstAt: number | undefined
    let text = ''
    const end = (code?: string): Ended => {
      const whole = this.#dialect.isWhole(text, tokens)
      const times = {
        id,
        resent: this.resent.length - resentBefore,
        beganAt,
        ...(firstAt !== undefined && { firstAt }),
      }
      return { ...times, ...(code !== undefined && { code }), silentlyTruncated: code === undefined && !whole }
    }
    try {
      const headers = { 'content-type': 'application/json' }
      const url = new URL(this.#dialect.path, this.#url)
      const response = await this.#client.fetch(url, { method: 'POST', headers, body: JSON.stringify(ask) })
      if (response.status !== 200) return end(`http.${response.status}`)
      const reader = response.body?.getReader()
      const decoder = new TextDecoder()
      for (;;) {
        const piece = await reader?.read()
        if (piece?.value === undefined) return end()
        text += decoder.decode(piece.value, { stream: true })
        firstAt ??= performance.now()
      }
    } catch (error) {
      return end(String((error as { code?: unknown }).code ?? error))
    }
  }
}

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'

/** What a request asks of the model server. */
export interface CountedRequest {
  /** Names the request, not the attempt: a request that is run twice is seen by it. */
  readonly id: string
  readonly tokens: number
  /** Pause before the first event, and between two, in milliseconds. */
  readonly firstMs: number
  readonly everyMs: number
}

/** The events of an answer with so many tokens. */
export function eventsOf({ tokens }: Pick<CountedRequest, 'tokens'>): readonly string[] {
  return [...Array.from({ length: tokens }, (_, token) => `data: {"token":${token}}\n\n`), 'data: [DONE]\n\n']
}

/** Answers as a model server does; `onRun` hears of each request that is run, before anything of its answer exists. */
export function answer(request: IncomingMessage, response: ServerResponse, onRun: (id: string) => void): void {
  if (request.method === 'GET') {
    response.setHeader('content-type', 'application/json').end('{"object":"list","data":[{"id":"fixed"}]}')
    return
  }
  const stream = async (): Promise<void> => {
    const ask = (await json(request)) as CountedRequest
    const { id, firstMs, everyMs } = ask
    onRun(id)
    // As model servers do: the head comes at once, the first token when the prompt was read.
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
    await setTimeout(firstMs)
    for (const event of eventsOf(ask)) {
      response.write(event)
      await setTimeout(everyMs)
    }
    response.end()
  }
  stream().catch(() => response.destroy())
}

/** A model server that counts how often it ran each request. */
export class CountingUpstream {
  readonly url: string
  readonly runs: Map<string, number> = new Map()
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(): Promise<CountingUpstream> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const upstream = new CountingUpstream(server)
    server.on('request', (request, response) => {
      answer(request, response, (id) => upstream.runs.set(id, (upstream.runs.get(id) ?? 0) + 1))
    })
    return upstream
  }

  /** Requests that were run more than once. */
  get duplicates(): number {
    return [...this.runs.values()].filter((count) => count > 1).length
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

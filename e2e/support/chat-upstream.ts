/**
 * A model server whose answers a scenario writes, for what the small model of staging never says: Markdown, reasoning, errors, other
 * models. It speaks the events of `POST /v1/chat/completions` and the list of `GET /v1/models`.
 */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

/** What a request to the model held. */
export interface AskedOf {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: unknown }[]
  readonly temperature?: number
  readonly max_tokens?: number
}

/** One answer: the members of its deltas, piece by piece, or an error with its status. */
export interface ScriptedAnswer {
  readonly deltas?: readonly Readonly<Record<string, string>>[]
  readonly error?: { readonly status: number; readonly message: string }
}

export class ChatUpstream {
  readonly url: string
  readonly asked: AskedOf[] = []
  /** What the next questions get. */
  answer: ScriptedAnswer = { deltas: [{ content: 'Yes.' }] }
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(): Promise<ChatUpstream> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const upstream = new ChatUpstream(server)
    server.on('request', async (request, response) => {
      response.setHeader('content-type', 'application/json')
      if (request.method === 'GET') {
        const data = [{ id: 'plain' }, { id: 'seeing', input_modalities: ['text', 'image'] }]
        response.end(JSON.stringify({ object: 'list', data }))
        return
      }
      upstream.asked.push((await json(request)) as AskedOf)
      const { deltas = [], error } = upstream.answer
      if (error) {
        response.writeHead(error.status).end(JSON.stringify({ error: { message: error.message } }))
        return
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const delta of deltas) response.write(event({ delta, finish_reason: null }))
      response.end(`${event({ delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`)
    })
    return upstream
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}

function event(choice: object): string {
  return `data: ${JSON.stringify({ object: 'chat.completion.chunk', choices: [{ index: 0, ...choice }] })}\n\n`
}

import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The parts of an OpenAI-compatible server that the tests need: what it says is fixed, that it is reached is the point. */
export class Upstream {
  readonly #server: Server
  readonly requests: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = []
  /** Waited for between two events of a streamed answer. */
  pause: () => Promise<void> = async () => {}

  /** Of a streamed answer, in an event of its own after the last word; some libraries demand one. */
  finishReason: string | undefined

  private constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  static async start(): Promise<Upstream> {
    const upstream = new Upstream()
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Breaks off whatever it is answering. */
  breakOff(): void {
    this.#server.closeAllConnections()
  }

  async close(): Promise<void> {
    this.breakOff()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts).toString()
    this.requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body })
    if (request.url === '/v1/models') {
      const data = [{ id: 'fixed', object: 'model', created: 0, owned_by: 'tests' }]
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ object: 'list', data }))
      return
    }
    const { stream, messages } = JSON.parse(body) as { stream?: boolean; messages: { content: string }[] }
    const words = `You said: ${messages.at(-1)?.content ?? ''}`.split(/(?<= )/)
    const common = { id: 'x', created: 0, model: 'fixed' }
    if (!stream) {
      const choices = [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: words.join('') } }]
      const completion = { ...common, object: 'chat.completion', choices }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(completion))
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const content of words) {
      const chunk = { ...common, object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content } }] }
      response.write(`data: ${JSON.stringify(chunk)}\n\n`)
      await this.pause()
    }
    if (this.finishReason !== undefined) {
      const choices = [{ index: 0, delta: {}, finish_reason: this.finishReason }]
      response.write(`data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices })}\n\n`)
    }
    response.end('data: [DONE]\n\n')
  }
}

import { type IncomingMessage, type Server, type ServerResponse, createServer, request as outgoing } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A relay before a real service: it sees what a network sees, counts it, and can be told to break it. */
export class CountingRelay {
  readonly #server: Server
  /** Where requests go; may change while it runs. */
  target: URL
  readonly seen: { method: string; url: string; body: Buffer }[] = []
  /** Answers in place of the service where it returns true. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false
  /** Sees each piece of an answer, and what it returns goes on; `undefined` ends the answer cleanly. */
  alter: (piece: Buffer) => Buffer | undefined = (piece) => piece

  private constructor(target: URL) {
    this.target = target
    this.#server = createServer((request, response) => void this.#forward(request, response))
  }

  static async start(target: string | URL): Promise<CountingRelay> {
    const relay = new CountingRelay(new URL(target))
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve))
    return relay
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  count(path: RegExp): number {
    return this.seen.filter(({ url }) => path.test(url)).length
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const seen = { method: request.method ?? '', url: request.url ?? '', body: Buffer.concat(parts) }
    this.seen.push(seen)
    if (this.intercept(request, response)) return
    const { method, url } = seen
    const headers = { ...request.headers, host: this.target.host }
    const onward = outgoing(new URL(url.slice(1), this.target), { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.on('data', (piece: Buffer) => {
        const altered = this.alter(piece)
        if (altered) response.write(altered)
        else response.end()
      })
      answer.on('end', () => response.end())
      answer.on('error', () => response.destroy())
    })
    onward.on('error', () => response.destroy())
    response.on('close', () => onward.destroy())
    onward.end(seen.body)
  }
}

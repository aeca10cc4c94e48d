import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

export interface ProxyBehaviour {
  /** What becomes of the evidence on its way to the page. */
  readonly evidence?: (bundle: Uint8Array) => Uint8Array
  /** Ends an encapsulated answer cleanly behind so many of its non-final chunks. */
  readonly cutAnswerAfterChunks?: number
}

/** Whoever stands between page and gateway: a reverse proxy that may lie. */
export class ServiceProxy {
  readonly url: string
  /** Encapsulated requests that arrived here. */
  posts = 0
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  static async start(upstream: string, behaviour: ProxyBehaviour = {}): Promise<ServiceProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new ServiceProxy(server)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.method === 'POST') proxy.posts++
      forward(upstream, behaviour, request, response).catch(() => response.destroy())
    })
    return proxy
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}

async function forward(
  upstream: string,
  behaviour: ProxyBehaviour,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, headers } = request
  const onward = httpRequest(new URL(request.url ?? '/', upstream), { method: method ?? 'GET', headers })
  response.once('close', () => onward.destroy())
  request.pipe(onward)
  const [answer] = (await once(onward, 'response')) as [IncomingMessage]
  if (behaviour.evidence && method === 'GET' && answer.headers['content-type'] === 'application/cbor') {
    const bundle = behaviour.evidence(await buffer(answer))
    response.writeHead(200, { ...answer.headers, 'content-length': bundle.length }).end(bundle)
    return
  }
  response.writeHead(answer.statusCode ?? 502, answer.headers)
  if (behaviour.cutAnswerAfterChunks === undefined || method !== 'POST') {
    answer.pipe(response)
    return
  }
  const cut = new ChunkCounter(behaviour.cutAnswerAfterChunks)
  for await (const piece of answer as AsyncIterable<Buffer>) {
    response.write(cut.take(piece))
    if (cut.done) break
  }
  response.end()
}

/** Lets a response nonce and so many whole chunks of chunked Oblivious HTTP pass (PROTOCOL.md §10), and nothing more. */
class ChunkCounter {
  #held: Buffer = Buffer.alloc(0)
  #left: number
  /** Bytes to pass before the next length. */
  #passing = 16

  constructor(chunks: number) {
    this.#left = chunks
  }

  get done(): boolean {
    return this.#left === 0 && this.#passing === 0
  }

  take(piece: Buffer): Buffer {
    this.#held = Buffer.concat([this.#held, piece])
    const out: Buffer[] = []
    while (!this.done && this.#held.length > 0) {
      if (this.#passing === 0) {
        const first = this.#held[0] ?? 0
        const size = 1 << (first >> 6)
        if (this.#held.length < size) break
        // Chunks have at most 16400 bytes: lengths of one, two or four bytes.
        const length = this.#held.readUIntBE(0, size) % 2 ** (8 * size - 2)
        this.#left--
        this.#passing = size + length
      }
      const passed = this.#held.subarray(0, this.#passing)
      this.#held = this.#held.subarray(passed.length)
      this.#passing -= passed.length
      out.push(passed)
    }
    return Buffer.concat(out)
  }
}

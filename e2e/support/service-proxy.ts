import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, request as httpsRequest } from 'node:https'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Certificate } from './proxies/certificate.ts'

/** What somebody other than the service answers. */
export interface ForeignAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface ProxyBehaviour {
  /** Answers in place of the service, as captive portals do; `undefined` lets the request pass. */
  readonly instead?: (method: string) => ForeignAnswer | undefined
  /** What becomes of the evidence on its way to the page. */
  readonly evidence?: (bundle: Uint8Array) => Uint8Array | Promise<Uint8Array>
  /** Base URL of what answers outside the paths of the protocol, so that a page shares its origin with its service. */
  readonly page?: string
  /** Ends an encapsulated answer cleanly behind so many of its non-final chunks. */
  readonly cutAnswerAfterChunks?: number
}

/** Whoever stands between page and gateway: a reverse proxy that may lie. */
export class ServiceProxy {
  readonly url: string
  /** Encapsulated requests that arrived here. */
  posts = 0
  /** What arrived here, in its order: `evidence`, or the method. */
  readonly arrived: string[] = []
  /** Path and cookies of what arrived here. */
  readonly seen: { readonly path: string; readonly cookie: string | undefined }[] = []
  readonly #server: Server

  private constructor(server: Server, origin: string) {
    this.#server = server
    this.url = `${origin}:${(server.address() as AddressInfo).port}/`
  }

  /** @param certificate for TLS, under a name that is not taken for the loopback and yet resolves to it */
  static async start(
    upstream: string,
    behaviour: ProxyBehaviour = {},
    certificate?: Certificate,
  ): Promise<ServiceProxy> {
    const server = certificate
      ? createTlsServer({ cert: await readFile(certificate.certificate), key: await readFile(certificate.key) })
      : createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new ServiceProxy(server, certificate ? 'https://chat.service.localhost' : 'http://127.0.0.1')
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const method = request.method ?? ''
      if (method === 'POST') proxy.posts++
      proxy.arrived.push(method === 'GET' ? 'evidence' : method)
      proxy.seen.push({ path: request.url ?? '', cookie: request.headers.cookie })
      const foreign = behaviour.instead?.(method)
      if (foreign) {
        request.resume()
        response.writeHead(foreign.status, foreign.headers).end(foreign.body)
        return
      }
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
  // To a page that shares its origin with the service, the gateway's list of other origins does not apply.
  if (behaviour.page !== undefined) delete headers.origin
  const target = behaviour.page !== undefined && request.url?.startsWith('/blindllama/') !== true
  // The base URL of a service may have a path, and its server a name of its own.
  const address = new URL(`.${request.url ?? '/'}`, target ? behaviour.page : upstream)
  if (behaviour.page !== undefined) headers.host = address.host
  const ask = address.protocol === 'https:' ? httpsRequest : httpRequest
  const onward = ask(address, { method: method ?? 'GET', headers })
  response.once('close', () => onward.destroy())
  request.pipe(onward)
  const [answer] = (await once(onward, 'response')) as [IncomingMessage]
  if (behaviour.evidence && method === 'GET' && answer.headers['content-type'] === 'application/cbor') {
    const bundle = await behaviour.evidence(await buffer(answer))
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

import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeFieldLines } from '../../src/bhttp/fields.js'
import { type Bytes, concat, utf8 } from '../../src/bytes.js'
import type { ChannelKey } from '../../src/channel/channel-key.js'
import { encodeVarint } from '../../src/varint.js'
import { requestKeyOf } from './channel-keys.js'
import { Peer, type PeerMessage } from './peer.js'

/** One encapsulated request that arrived and was opened, and the means to answer it, well or badly. */
export class Exchange {
  readonly message: PeerMessage
  /** What was decapsulated, padding included. */
  readonly plaintext: Bytes
  readonly outer: { request: IncomingMessage; response: ServerResponse }
  readonly #peer: Peer
  readonly #session: number

  /** What was encapsulated of the response so far. */
  readonly answered: Bytes[] = []

  constructor(outer: Exchange['outer'], plaintext: Bytes, message: PeerMessage, peer: Peer, session: number) {
    this.outer = outer
    this.plaintext = plaintext
    this.message = message
    this.#peer = peer
    this.#session = session
  }

  field(name: string): string | undefined {
    return this.message.fields.find(([field]) => field === name)?.[1]
  }

  get text(): string {
    return new TextDecoder().decode(this.message.content)
  }

  /** The head of an indeterminate-length response, RFC 9292 §3.1. */
  async head(status: number, fields: readonly (readonly [string, string])[] = []): Promise<void> {
    this.outer.response.writeHead(200, { 'content-type': 'message/ohttp-chunked-res' })
    await this.chunk(concat(Uint8Array.of(3), encodeVarint(status), encodeFieldLines(fields), Uint8Array.of(0)))
  }

  /** Content, in a chunk of its own that is sent at once. */
  async content(bytes: Bytes | string): Promise<void> {
    const content = typeof bytes === 'string' ? utf8(bytes) : bytes
    await this.chunk(concat(encodeVarint(content.length), content))
  }

  async chunk(plaintext: Bytes): Promise<void> {
    this.answered.push(plaintext)
    this.outer.response.write(await this.#peer.serverSeal(this.#session, plaintext))
  }

  /** The end of the content, no trailers, the final chunk. */
  async end(): Promise<void> {
    await this.chunk(new Uint8Array(2))
    await this.finish()
  }

  /** The final chunk alone. */
  async finish(): Promise<void> {
    this.outer.response.end(await this.#peer.serverFinish(this.#session))
  }

  async reply(status: number, body: string, fields: readonly (readonly [string, string])[] = []): Promise<void> {
    await this.head(status, fields)
    if (body) await this.content(body)
    await this.end()
  }
}

type Handler = (exchange: Exchange) => Promise<void>
type OuterHandler = (request: IncomingMessage, response: ServerResponse) => boolean

/**
 * The gateway's end of the channel over HTTP, with the crates `ohttp` and `bhttp` for everything inside: what it understands
 * is the standard, and it can be made to misbehave as no real gateway does.
 */
export class ChannelService {
  readonly #peer = new Peer()
  readonly #server: Server
  #keyNumber = 0
  #key = 0
  /** Paths and headers of what arrived, before anything was opened. */
  readonly outer: { path: string; headers: IncomingMessage['headers'] }[] = []
  readonly exchanges: Exchange[] = []
  handler: Handler = async (exchange) => exchange.reply(200, exchange.text)
  /** Answers in place of the channel where it returns true. */
  intercept: OuterHandler = () => false

  private constructor() {
    this.#server = createServer((request, response) => void this.#receive(request, response))
  }

  static async start(): Promise<ChannelService> {
    const service = new ChannelService()
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve))
    return service
  }

  get base(): URL {
    return new URL(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ai/`)
  }

  /** A new key; the service opens requests to no other from now on. */
  async rotate(instance = 'gateway1'): Promise<ChannelKey> {
    this.#keyNumber += 1
    const { key, config } = await this.#peer.serverKey(this.#keyNumber)
    this.#key = key
    return { key: await requestKeyOf(config), instance, clockOffsetMs: 0, lifetime: { remainingMs: () => 60_000 } }
  }

  async close(): Promise<void> {
    this.#peer.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.outer.push({ path: request.url ?? '', headers: request.headers })
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    if (this.intercept(request, response)) return
    const exchange = await this.#open(Buffer.concat(parts), { request, response }).catch(() => refuseKey(response))
    if (!exchange) return
    this.exchanges.push(exchange)
    // Fails where the test is over before the answer is: the peer is gone.
    await this.handler(exchange).catch(() => response.destroy())
  }

  async #open(body: Uint8Array, outer: Exchange['outer']): Promise<Exchange> {
    const { session, plaintext } = await this.#peer.serverOpen(this.#key, new Uint8Array(body), [65_536])
    return new Exchange(outer, plaintext, await this.#peer.decode(plaintext), this.#peer, session)
  }
}

/** What the gateway says where it does not know the key, RFC 9458 §5.3. */
export function refuseKey(response: ServerResponse): void {
  const type = 'https://iana.org/assignments/http-problem-types#ohttp-key'
  const problem = { type, title: 'unknown key', status: 401, code: 'channel.key_unknown' }
  response.writeHead(401, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem))
}

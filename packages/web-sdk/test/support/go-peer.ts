import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { type Interface, createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import '../../../../tools/environment.ts'
import { type Bytes, fromHex, hex } from '../../src/bytes.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** Where build-peer.ts puts the program. */
export const goPeerProgram: string = join(process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'), 'ohttp-peer-go')

/** The Go modules twoway, ohttp and bhttp of openpcc in a process of their own: assurance/interop/go. */
class GoPeer {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  constructor(...args: string[]) {
    this.#process = spawn(goPeerProgram, args)
    this.#process.stderr.pipe(process.stderr)
    const lines: Interface = createInterface({ input: this.#process.stdout })
    this.#lines = lines[Symbol.asyncIterator]()
  }

  write(line: object): void {
    this.#process.stdin.write(`${JSON.stringify(line)}\n`)
  }

  async line<T>(): Promise<T> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the Go peer has ended')
    return JSON.parse(value) as T
  }

  close(): void {
    this.#process.stdin.end()
  }
}

/** A gateway that echoes what it gets, in pieces of the lengths of the request's `x-splits`. */
export class GoGateway {
  readonly url: string
  readonly config: Bytes
  readonly #peer: GoPeer

  private constructor(peer: GoPeer, address: string, config: Bytes) {
    this.#peer = peer
    this.url = `http://${address}/`
    this.config = config
  }

  /** @param aead of RFC 9180 §7.3, the one that its key offers */
  static async start(aead: number): Promise<GoGateway> {
    const peer = new GoPeer('gateway', String(aead))
    const { address, config } = await peer.line<{ address: string; config: string }>()
    return new GoGateway(peer, address, fromHex(config))
  }

  close(): void {
    this.#peer.close()
  }
}

export interface GoRequest {
  /** Where the encapsulated request is posted to. */
  url: string
  config: Bytes
  path: string
  fields: Record<string, string>
  body: Bytes
  /** Lengths of the pieces in which the body comes to the encoder. */
  splits: readonly number[]
  /** Longest plaintext of a chunk, in bytes. */
  chunkLength: number
}

export interface GoAnswer {
  status: number
  fields: Record<string, string[]>
  body: Bytes
}

/** A client, one request at a time. */
export class GoClient {
  readonly #peer = new GoPeer('client')

  async send({ config, body, ...request }: GoRequest): Promise<GoAnswer> {
    this.#peer.write({ ...request, config: hex(config), body: hex(body) })
    const answer = await this.#peer.line<{
      status: number
      fields: Record<string, string[]>
      body: string
      error?: string
    }>()
    if (answer.error !== undefined) throw new Error(answer.error)
    return { ...answer, body: fromHex(answer.body) }
  }

  close(): void {
    this.#peer.close()
  }
}

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import '../../../../tools/environment.ts'
import { type Bytes, fromHex, hex } from '../../src/bytes.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const program = join(process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'), 'debug/ohttp-peer')

export interface PeerResponse {
  known_length: boolean
  status: number
  fields: [string, string][]
  content: Bytes
  trailers: [string, string][]
}

export interface PeerMessage {
  control: { method: string; scheme: string; authority: string; path: string } | { status: number }
  fields: [string, string][]
  content: Bytes
  trailers: [string, string][]
}

/** What the commands answer with; which members there are depends on the command. */
interface Answer {
  error?: string
  session?: number
  key?: number
  body?: string
  config?: string
  bytes?: string
  plaintext?: string
  message?: string
  content?: string
}

/** The crates `ohttp` and `bhttp` in a process of their own: assurance/interop/rust. */
export class Peer {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #waiting: ((answer: Answer) => void)[] = []

  constructor() {
    this.#process = spawn(program)
    createInterface({ input: this.#process.stdout }).on('line', (line) =>
      this.#waiting.shift()?.(JSON.parse(line) as Answer),
    )
    this.#process.stderr.pipe(process.stderr)
    this.#process.on('exit', (code) => {
      for (const tell of this.#waiting.splice(0)) tell({ error: `the peer ended with ${code}` })
    })
  }

  close(): void {
    this.#process.stdin.end()
  }

  async clientSeal(config: Bytes, chunks: readonly Bytes[]): Promise<{ session: number; body: Bytes }> {
    const { session, body } = await this.#ask({ op: 'client-seal', config: hex(config), chunks: chunks.map(hex) })
    return { session: Number(session), body: bytes(body) }
  }

  async clientOpen(session: number, body: Bytes, splits: readonly number[]): Promise<Bytes> {
    return bytes((await this.#ask({ op: 'client-open', session, body: hex(body), splits })).plaintext)
  }

  /** A key of X25519, or, where it is `hybrid`, of MLKEM768-X25519. */
  async serverKey(keyId: number, hybrid = false): Promise<{ key: number; config: Bytes }> {
    const { key, config } = await this.#ask({ op: 'server-key', key_id: keyId, hybrid })
    return { key: Number(key), config: bytes(config) }
  }

  async serverOpen(
    key: number,
    body: Bytes,
    splits: readonly number[],
  ): Promise<{ session: number; plaintext: Bytes }> {
    const { session, plaintext } = await this.#ask({ op: 'server-open', key, body: hex(body), splits })
    return { session: Number(session), plaintext: bytes(plaintext) }
  }

  /** One chunk of the response; the first brings the response nonce along. */
  async serverSeal(session: number, chunk: Bytes): Promise<Bytes> {
    return bytes((await this.#ask({ op: 'server-seal', session, chunk: hex(chunk) })).bytes)
  }

  async serverFinish(session: number): Promise<Bytes> {
    return bytes((await this.#ask({ op: 'server-finish', session })).bytes)
  }

  async encode(response: PeerResponse): Promise<Bytes> {
    const content = hex(response.content)
    return bytes((await this.#ask({ op: 'message-encode', response: { ...response, content } })).message)
  }

  async decode(message: Bytes): Promise<PeerMessage> {
    const decoded = await this.#ask({ op: 'message-decode', message: hex(message) })
    return { ...decoded, content: bytes(decoded.content) } as unknown as PeerMessage
  }

  async #ask(command: object): Promise<Answer> {
    if (this.#process.stdin.writableEnded) throw new Error('the peer was closed')
    const answer = await new Promise<Answer>((resolve) => {
      this.#waiting.push(resolve)
      this.#process.stdin.write(`${JSON.stringify(command)}\n`)
    })
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer
  }
}

function bytes(value: unknown): Bytes {
  return fromHex(String(value))
}

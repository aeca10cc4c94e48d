import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import '../../../../tools/environment.ts'
import { type Bytes, hex } from '../../src/bytes.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const program = join(process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'), 'debug/examples/decode')

export interface FramingResult {
  /** Lengths of the chunks, the final one last. */
  chunks: number[]
  error: string | null
}

export interface MessageResult {
  /** Names, and values in hexadecimal. */
  fields: [string, string][]
  /** Hexadecimal. */
  content: string
  error: string | null
}

/** The gateway's decoders in a process of their own: packages/gateway/examples/decode.rs. */
export class GatewayDecoders {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #lines: AsyncIterator<string>

  constructor() {
    this.#process = spawn(program)
    this.#process.stderr.pipe(process.stderr)
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  /** Behind 39 bytes of header and encapsulated key. */
  async framing(bytes: Bytes): Promise<FramingResult> {
    return (await this.#ask('framing', bytes)) as FramingResult
  }

  /** A request. */
  async message(bytes: Bytes): Promise<MessageResult> {
    return (await this.#ask('message', bytes)) as MessageResult
  }

  close(): void {
    this.#process.stdin.end()
  }

  async #ask(kind: string, bytes: Bytes): Promise<unknown> {
    this.#process.stdin.write(`${kind} ${hex(bytes)}\n`)
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the decoders of the gateway have ended')
    return JSON.parse(value)
  }
}

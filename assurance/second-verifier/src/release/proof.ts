import { utf8 } from '../bytes.ts'
import { demand, Refusal } from '../refusal.ts'

/** C2SP tlog-proof@v1 as PROTOCOL.md §19.6 writes it. */
export interface Proof {
  readonly index: bigint
  readonly hashes: readonly Uint8Array[]
  readonly checkpoint: Checkpoint
}

/** C2SP tlog-checkpoint; `text` is what is signed. */
export interface Checkpoint {
  readonly text: Uint8Array
  readonly origin: string
  readonly size: bigint
  readonly root: Uint8Array
  readonly signatures: readonly { readonly name: string; readonly bytes: Uint8Array }[]
}

const code = 'release.log_format'
const linePattern = /^[ -\u{10ffff}]+$/u
const signaturePattern = /^\u2014 (?<name>[!-*,-\u{10ffff}]+) (?<value>[^ ]+)$/u

/** @throws {Refusal} release.log_format */
export function readProof(bytes: Uint8Array): Proof {
  const lines = new Lines(decode(bytes))
  demand(lines.next() === 'c2sp.org/tlog-proof@v1', code, 'another format')
  const first = lines.next()
  const extra = first.startsWith('extra ')
  if (extra) readBase64(first.slice('extra '.length))
  const index = readNumber(/^index (.*)$/.exec(extra ? lines.next() : first)?.[1])
  const hashes: Uint8Array[] = []
  for (let line = lines.next(); line !== ''; line = lines.next()) hashes.push(readHash(line))
  demand(hashes.length <= 63, code, 'too many hashes')
  return { index, hashes, checkpoint: readCheckpoint(lines) }
}

function readCheckpoint(lines: Lines): Checkpoint {
  const text: string[] = []
  for (let line = lines.next(); line !== ''; line = lines.next()) text.push(line)
  const [origin, size, root, ...extensions] = text
  demand(origin !== undefined && root !== undefined, code, 'a checkpoint of less than three lines')
  demand(
    [origin, ...extensions].every((line) => linePattern.test(line)),
    code,
    'a line of the checkpoint',
  )
  const signatures: Checkpoint['signatures'][number][] = []
  while (!lines.atEnd) signatures.push(readSignature(lines.next()))
  demand(signatures.length >= 1 && signatures.length <= 64, code, `${signatures.length} signatures`)
  return { text: utf8(`${text.join('\n')}\n`), origin, size: readNumber(size), root: readHash(root), signatures }
}

function readSignature(line: string): Checkpoint['signatures'][number] {
  const { name = '', value = '' } = signaturePattern.exec(line)?.groups ?? {}
  const bytes = readBase64(value)
  // A key id of four bytes, and something that it signed.
  demand(name !== '' && bytes.length > 4, code, 'a signature line')
  return { name, bytes }
}

function readNumber(text: string | undefined): bigint {
  demand(text !== undefined && /^(?:0|[1-9][0-9]{0,18})$/.test(text), code, 'a number')
  const value = BigInt(text)
  demand(value < 1n << 63n, code, 'a number beyond 2^63')
  return value
}

function readHash(line: string): Uint8Array {
  const bytes = readBase64(line)
  demand(bytes.length === 32, code, 'a hash of another length')
  return bytes
}

/** RFC 4648 §4, the one encoding. */
function readBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  demand(bytes.toString('base64') === text, code, 'not base64')
  return new Uint8Array(bytes)
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Refusal(code, 'not UTF-8')
  }
}

/** Every line ends with LF. */
class Lines {
  readonly #lines: readonly string[]
  #next = 0

  constructor(text: string) {
    demand(text.endsWith('\n'), code, 'a last line without its end')
    this.#lines = text.slice(0, -1).split('\n')
  }

  get atEnd(): boolean {
    return this.#next === this.#lines.length
  }

  next(): string {
    const line = this.#lines[this.#next]
    demand(line !== undefined, code, 'ends too early')
    this.#next += 1
    return line
  }
}

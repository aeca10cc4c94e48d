import { createHash, type KeyObject, sign } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { exit } from '../exit.js'
import { Failure, unreadable, usage } from '../failure.js'
import { bytesOf } from '../read-file.js'
import { replaceFile } from '../replace-file.js'
import { publicHex, verifies } from './keys.js'

/** PROTOCOL.md §19.1, §19.8, §19.9, §22.4 and §22.6: what can be signed. */
export type Kind = 'release' | 'key-set' | 'status' | 'client' | 'policy' | 'enrolment' | 'certificate'

export interface Signature {
  /** Public key, in hex. */
  keyid: string
  /** Base64. */
  sig: string
}

/** A DSSE envelope: a text, byte by byte, and the signatures that it carries. Their keys are the file's word. */
export interface Envelope {
  kind: Kind
  payload: Buffer
  signatures: Signature[]
}

/** PROTOCOL.md §19.1 */
const mostSignatures = 16

const kinds: readonly Kind[] = ['release', 'key-set', 'status', 'client', 'policy', 'enrolment', 'certificate']
const typeOf = (kind: Kind): string => `application/vnd.blindllama.${kind}.v1+json`

function malformed(file: string, what: string): Failure {
  return new Failure('cli.release', `${file}: ${what}`, exit.undecided)
}

/** PAE(type, payload): what is signed. */
export function message({ kind, payload }: Pick<Envelope, 'kind' | 'payload'>): Buffer {
  const type = typeOf(kind)
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload])
}

/** What stands in the log (PROTOCOL.md §19.6): what was signed, and the signatures in the order in which they travel. */
export function logEntry(envelope: Envelope): Buffer {
  return Buffer.concat([message(envelope), ...signaturesOf(envelope)])
}

/** Each the public key and the signature, as they travel (PROTOCOL.md §19.1). */
export function signaturesOf({ signatures }: Envelope): Buffer[] {
  return signatures.map(({ keyid, sig }) => Buffer.concat([Buffer.from(keyid, 'hex'), Buffer.from(sig, 'base64')]))
}

export function sha256({ payload }: Pick<Envelope, 'payload'>): string {
  return createHash('sha256').update(payload).digest('hex')
}

/**
 * Reads a file once: what is shown, judged and signed afterwards is what was read here, whatever becomes of the file.
 *
 * @throws {Failure} `cli.file`, `cli.release`
 */
export async function readEnvelope(file: string, wanted?: Kind): Promise<Envelope> {
  return envelopeIn(file, await bytesOf(file), wanted)
}

function envelopeIn(file: string, content: Uint8Array, wanted?: Kind): Envelope {
  let parsed: { payloadType?: unknown; payload?: unknown; signatures?: unknown } | null
  try {
    parsed = JSON.parse(Buffer.from(content).toString('utf8')) as typeof parsed
  } catch {
    throw malformed(file, 'not a DSSE envelope')
  }
  const kind = kinds.find((known) => typeOf(known) === parsed?.payloadType)
  if (!parsed || kind === undefined || typeof parsed.payload !== 'string' || !Array.isArray(parsed.signatures))
    throw malformed(
      file,
      'not a DSSE envelope of a release, a key set, a status, a client, a policy, an enrolment or a certificate',
    )
  if (wanted !== undefined && kind !== wanted) throw malformed(file, `a ${wanted} is expected, and this is a ${kind}`)
  // Every signature is checked over the whole document: without a bound, a small file costs hours.
  if (parsed.signatures.length > mostSignatures)
    throw malformed(file, `${parsed.signatures.length} signatures, and at most ${mostSignatures} are allowed`)
  const signatures = (parsed.signatures as (Partial<Signature> | null)[]).map((each) => {
    const { keyid, sig } = each ?? {}
    if (typeof keyid !== 'string' || !/^[0-9a-f]{64}$/.test(keyid) || typeof sig !== 'string')
      throw malformed(file, 'a signature without key or value')
    return { keyid, sig }
  })
  return { kind, payload: Buffer.from(parsed.payload, 'base64'), signatures }
}

/** @throws {Failure} `cli.file` */
export async function writeEnvelope(file: string, { kind, payload, signatures }: Envelope): Promise<void> {
  const envelope = { payloadType: typeOf(kind), payload: payload.toString('base64'), signatures }
  await replaceFile(file, `${JSON.stringify(envelope, null, 2)}\n`)
}

/**
 * Writes a document that has just been made. It replaces only a document of the same kind that has no signature: a signed one, a key or a
 * policy under this name is never lost.
 *
 * @param written what is written, where it was signed at once
 * @throws {Failure} `cli.exists`, `cli.file`
 */
export async function writeUnsigned(file: string, envelope: Envelope, written: Envelope = envelope): Promise<void> {
  const what = await whatStandsAt(file, envelope.kind)
  if (what !== undefined)
    throw new Failure(
      'cli.exists',
      `${file} exists and is ${what}, so it was not replaced. Name another file with --out, or move this one away first`,
      exit.undecided,
    )
  await writeEnvelope(file, written)
}

/** What would be lost if a file were replaced; undefined for a document without signatures, or where there is no file. */
async function whatStandsAt(file: string, kind: Kind): Promise<string | undefined> {
  const exists = await lstat(file).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw unreadable(file, cause)
  })
  if (!exists) return undefined
  try {
    const { signatures } = await readEnvelope(file, kind)
    return signatures.length > 0 ? 'signed already' : undefined
  } catch (cause) {
    if (cause instanceof Failure) return `not an unsigned ${kind}`
    throw cause
  }
}

/** A document without a signature. */
export function unsigned(kind: Kind, document: unknown): Envelope {
  return { kind, payload: Buffer.from(`${JSON.stringify(document, null, 2)}\n`), signatures: [] }
}

/** @throws {Failure} `cli.usage` where there is no signature yet, `cli.signers` where one is wrong */
export function assertSignatures(file: string, envelope: Envelope): void {
  if (envelope.signatures.length === 0)
    throw usage(`${file}: nobody has signed it yet; sign it first with: blindllama release sign`)
  const wrong = envelope.signatures.find((signature) => !isGood(envelope, signature))
  if (wrong)
    throw new Failure(
      'cli.signers',
      `${file}: the signature of ${wrong.keyid} is WRONG; the document or the signature was changed`,
      exit.refused,
    )
}

/** The envelope with one signature more, in place of an earlier one by the same key. */
export function signed(envelope: Envelope, key: KeyObject): Envelope {
  const keyid = publicHex(key)
  const sig = sign(null, message(envelope), key).toString('base64')
  return { ...envelope, signatures: [...envelope.signatures.filter((other) => other.keyid !== keyid), { keyid, sig }] }
}

/** Whether a signature is one over this envelope, by the key that it names: whose key that is, only a policy tells. */
export function isGood(envelope: Envelope, { keyid, sig }: Signature): boolean {
  return verifies(keyid, Buffer.from(sig, 'base64'), message(envelope))
}

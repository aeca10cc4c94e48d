import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { exit } from '../exit.js'
import { Failure, unreadable } from '../failure.js'
import { publicHex } from './keys.js'

/** PROTOCOL.md §19.1: what can be signed. */
export type Kind = 'release' | 'key-set' | 'status'

export interface Signature {
  /** Public key, in hex. */
  keyid: string
  /** Base64. */
  sig: string
}

/** A DSSE envelope: a text, byte by byte, and who signed it. */
export interface Envelope {
  kind: Kind
  payload: Buffer
  signatures: Signature[]
}

const kinds: readonly Kind[] = ['release', 'key-set', 'status']
const typeOf = (kind: Kind): string => `application/vnd.blindllama.${kind}.v1+json`

function malformed(file: string, what: string): Failure {
  return new Failure('cli.release', `${file}: ${what}`, exit.undecided)
}

/** PAE(type, payload): what is signed, and what stands in the log. */
export function message({ kind, payload }: Pick<Envelope, 'kind' | 'payload'>): Buffer {
  const type = typeOf(kind)
  return Buffer.concat([Buffer.from(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload])
}

export function sha256({ payload }: Pick<Envelope, 'payload'>): string {
  return createHash('sha256').update(payload).digest('hex')
}

/** The document itself. @throws {Failure} `cli.release` */
export function documentOf(file: string, { payload }: Envelope): Record<string, unknown> {
  try {
    return JSON.parse(payload.toString('utf8')) as Record<string, unknown>
  } catch {
    throw malformed(file, 'the document in it is no JSON')
  }
}

/** @throws {Failure} `cli.file`, `cli.release` */
export async function readEnvelope(file: string, wanted?: Kind): Promise<Envelope> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  let parsed: { payloadType?: unknown; payload?: unknown; signatures?: unknown }
  try {
    parsed = JSON.parse(text) as typeof parsed
  } catch {
    throw malformed(file, 'not a DSSE envelope')
  }
  const kind = kinds.find((known) => typeOf(known) === parsed.payloadType)
  if (kind === undefined || typeof parsed.payload !== 'string' || !Array.isArray(parsed.signatures))
    throw malformed(file, 'not a DSSE envelope of a release, a key set or a status')
  if (wanted !== undefined && kind !== wanted) throw malformed(file, `a ${wanted} is expected, and this is a ${kind}`)
  const signatures = (parsed.signatures as Partial<Signature>[]).map(({ keyid, sig }) => {
    if (typeof keyid !== 'string' || !/^[0-9a-f]{64}$/.test(keyid) || typeof sig !== 'string')
      throw malformed(file, 'a signature without key or value')
    return { keyid, sig }
  })
  return { kind, payload: Buffer.from(parsed.payload, 'base64'), signatures }
}

/** @throws {Failure} `cli.file` */
export async function writeEnvelope(file: string, { kind, payload, signatures }: Envelope): Promise<void> {
  const envelope = { payloadType: typeOf(kind), payload: payload.toString('base64'), signatures }
  await writeFile(file, `${JSON.stringify(envelope, null, 2)}\n`).catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
}

/** A document that nobody has signed yet. */
export function unsigned(kind: Kind, document: unknown): Envelope {
  return { kind, payload: Buffer.from(`${JSON.stringify(document, null, 2)}\n`), signatures: [] }
}

/** The envelope with one signature more, in place of an earlier one by the same key. */
export function signed(envelope: Envelope, key: KeyObject): Envelope {
  const keyid = publicHex(key)
  const sig = sign(null, message(envelope), key).toString('base64')
  return { ...envelope, signatures: [...envelope.signatures.filter((other) => other.keyid !== keyid), { keyid, sig }] }
}

/** RFC 8410 §4: what stands before the 32 bytes of an Ed25519 key in a SubjectPublicKeyInfo. */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')

/** Whether a signature is one over this envelope. */
export function isGood(envelope: Envelope, { keyid, sig }: Signature): boolean {
  try {
    const der = Buffer.concat([spkiPrefix, Buffer.from(keyid, 'hex')])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    return verify(null, message(envelope), key, Buffer.from(sig, 'base64'))
  } catch {
    return false
  }
}

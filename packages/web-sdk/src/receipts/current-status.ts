import { type Bytes, concat, fromHex } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { readEnvelope } from '../signed/envelope.js'

/** A document in its DSSE envelope, as the command `blindllama release` writes it and as an operator publishes it. */
export type Envelope = string | Uint8Array | LoggedEnvelope

/** An envelope with the proof that it stands in a log, which a policy with `log` demands (PROTOCOL.md §19.6). */
export interface LoggedEnvelope {
  envelope: string | Uint8Array
  /** The tlog-proof, as the log gave it. */
  proof: Uint8Array
}

/** What a verifier of receipts knows of withdrawals, from a source of its own. */
export interface CurrentStatus {
  /** `current-status` of PROTOCOL.md §21. */
  documents: Bytes
  /** What the status says; to be used once the verifier has found it authentic. */
  claimed: StatusClaims
}

export interface StatusClaims {
  /** When the status was made, in milliseconds since 1970. */
  dateMs: number
}

/**
 * Encodes the envelope of a status, and those of the key sets that lead to those who signed it, for the verifier.
 *
 * @throws {BlindLlamaError} `receipt.status`
 */
export function currentStatus(status: Envelope, keySets: readonly Envelope[]): CurrentStatus {
  const read = readLogged(status, 'status')
  const sets = keySets.map((set) => signed(readLogged(set, 'key-set')))
  const members = [head(5, sets.length > 0 ? 2 : 1), head(0, 0), signed(read)]
  if (sets.length > 0) members.push(head(0, 1), head(4, sets.length), ...sets)
  return { documents: concat(...members), claimed: { dateMs: dateOf(read.payload) } }
}

interface Signed {
  payload: Bytes
  /** Public key and signature of each. */
  signatures: Bytes[]
  proof?: Bytes
}

/** `signed` of PROTOCOL.md §19.1. */
function signed({ payload, signatures, proof }: Signed): Bytes {
  return concat(
    head(5, proof ? 3 : 2),
    head(0, 0),
    byteString(payload),
    head(0, 1),
    head(4, signatures.length),
    ...signatures.map(byteString),
    ...(proof ? [head(0, 2), byteString(proof)] : []),
  )
}

function byteString(bytes: Bytes): Bytes {
  return concat(head(2, bytes.length), bytes)
}

/** The shortest head of an item (RFC 8949 §3), for arguments below 2^32. */
function head(major: number, argument: number): Bytes {
  const first = major << 5
  if (argument < 24) return Uint8Array.of(first | argument)
  if (argument < 0x100) return Uint8Array.of(first | 24, argument)
  if (argument < 0x1_0000) return Uint8Array.of(first | 25, argument >> 8, argument)
  return Uint8Array.of(first | 26, argument >>> 24, argument >> 16, argument >> 8, argument)
}

function readLogged(given: Envelope, kind: 'status' | 'key-set'): Signed {
  try {
    const isBare = typeof given === 'string' || ArrayBuffer.isView(given)
    const { payload, signatures } = readEnvelope(isBare ? given : given.envelope, kind)
    return {
      payload,
      signatures: signatures.map(({ key, signature }) => concat(fromHex(key), signature)),
      ...(!isBare && { proof: Uint8Array.from(given.proof) }),
    }
  } catch {
    // The cause would show text of a file that nobody has verified.
    throw malformed(kind)
  }
}

function dateOf(payload: Bytes): number {
  try {
    return Number((JSON.parse(new TextDecoder().decode(payload)) as { date: number }).date)
  } catch {
    throw malformed('status')
  }
}

function malformed(kind: string): BlindLlamaError {
  return new BlindLlamaError('receipt.status', `The ${kind} is not the DSSE envelope of one`)
}

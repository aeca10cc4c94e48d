import type { VerifyInput } from '@blindllama/verifier-wasm'
import type { Field } from '../bhttp/fields.js'
import type { Bytes } from '../bytes.js'
import type { Piece } from '../ohttp/seal-request.js'
import type { PassedVerdict, SimulatedVerdict } from '../verdict.js'

/** What passed and with what: enough to verify it again elsewhere. */
export interface Proof {
  readonly verdict: PassedVerdict | SimulatedVerdict
  readonly input: Omit<VerifyInput, 'staticPart'>
  /** Where the evidence leaves it out. */
  readonly staticPart: Bytes | undefined
}

/** Follows the exchanges of a client: all that the channel knows of receipts. */
export interface ExchangeObserver {
  /** A request is about to be sealed to the key that `proof` proved; another attempt at it is another exchange. */
  begin: (proof: Proof) => ObservedExchange
}

export interface ObservedExchange {
  /** What goes with the request. */
  readonly fields: readonly Field[]
  /** The request without its padding; the bytes may change once this returns. */
  sent: (pieces: readonly Piece[]) => void
  /** The next bytes of the decapsulated response; they may change once this returns. */
  received: (plaintext: Bytes) => void
  /** The answer ended: as it must, or by an error or a reader who does not want the rest. */
  ended: (error?: { reason: unknown }) => void
  /** What the caller gets, before its body is read. */
  answered: (response: Response) => void
}

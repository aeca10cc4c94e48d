import type { Bytes } from '../bytes.js'
import type { Suite } from '../ohttp/suite.js'
import type { Verdict } from '../verdict.js'

/** The input of PROTOCOL.md §8. */
export interface VerifyInput {
  /** The bundle as received. */
  evidence: Bytes
  /** The static part that `have` named, for a bundle that leaves it out. */
  staticPart?: Bytes
  /** The policy's JSON text. */
  policy: Bytes
  /** Used where the policy names none. */
  audience: string
  /** The 32 bytes that were sent. */
  nonce: Bytes
  /** Milliseconds since 1970. */
  nowMs: number
  allowSimulated: boolean
  /** The versions that were asked for. */
  versions: readonly number[]
  /** The suites that the engine can use. */
  suites: readonly Suite[]
  /** What the last verdict that gave anything gave to be kept. */
  state?: Bytes
}

/** The verifier, loaded. Pure: it knows neither network nor clock, and decides from its input alone. */
export interface Verifier {
  verify: (input: VerifyInput) => Verdict
  /** The static part that a bundle carries, as it stands there; `undefined` where it leaves it out. */
  staticPart: (evidence: Bytes) => Bytes | undefined
  /**
   * Runs one call of the module's glue. Every call has an instance of its own: it takes no memory back, and no call can leave
   * anything for the next one.
   *
   * @throws {BlindLlamaError} `wasm.trap`
   */
  run: <T>(work: () => T) => T
}

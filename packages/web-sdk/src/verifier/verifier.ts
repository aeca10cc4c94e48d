import type { VerifyInput } from '@blindllama/verifier-wasm'
import type { Bytes } from '../bytes.js'
import type { Verdict } from '../verdict.js'

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

import type { Code } from './generated/codes.js'
import type { FailedVerdict } from './verdict.js'

export type { Code } from './generated/codes.js'

const marker = Symbol.for('blindllama.error')

export interface BlindLlamaErrorOptions {
  /** What was caught when the error was made. */
  cause?: unknown
  /** The report of the verifier, where it was the verifier that refused. */
  verdict?: FailedVerdict
}

/**
 * The one class of errors that this package throws. `code` is stable for ever, the message is for people and may change;
 * what each code means and what to do about it stands in docs/ERRORS.md.
 *
 * An error of this class never carries plaintext of a request or an answer, and is never an `AbortError`: those mean that
 * the caller itself cancelled.
 */
export class BlindLlamaError extends Error {
  readonly code: Code
  readonly verdict?: FailedVerdict

  constructor(code: Code, message: string, options: BlindLlamaErrorOptions = {}) {
    super(`${message} (${code})`, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    if (options.verdict) this.verdict = options.verdict
    Object.defineProperties(this, { name: { value: 'BlindLlamaError' }, [marker]: { value: true } })
  }

  /** Whether `value` is such an error, also one of another copy of this package, where `instanceof` says no. */
  static isInstance(value: unknown): value is BlindLlamaError {
    return value instanceof Error && marker in value
  }
}

import type { Code } from '@blindllama/verifier-wasm'
import type { FailedVerdict } from './verdict.js'

export type { Code } from '@blindllama/verifier-wasm'

const marker = Symbol.for('blindllama.error')

export interface BlindLlamaErrorOptions {
  /** What was caught when the error was made. The error keeps its kind and no word of it. */
  cause?: unknown
  /** The report of the verifier, where it was the verifier that refused. */
  verdict?: FailedVerdict | undefined
}

/**
 * The one class of errors that this package throws. `code` is stable for ever, the message is for people and may change;
 * what each code means and what to do about it stands in docs/ERRORS.md.
 *
 * An error of this class, with all its causes, never carries anything of a request or an answer, and is never an
 * `AbortError`: those mean that the caller itself cancelled. A `cause` is therefore a copy with the name of what was caught,
 * as `TypeError`, and the code of the system, as `ECONNREFUSED`: messages of platforms quote header values and addresses.
 */
export class BlindLlamaError extends Error {
  readonly code: Code
  readonly verdict?: FailedVerdict

  constructor(code: Code, message: string, options: BlindLlamaErrorOptions = {}) {
    super(`${message} (${code})`, 'cause' in options ? { cause: kindOf(options.cause) } : undefined)
    this.code = code
    if (options.verdict) this.verdict = options.verdict
    Object.defineProperties(this, { name: { value: 'BlindLlamaError' }, [marker]: { value: true } })
  }

  /** Whether `value` is such an error, also one of another copy of this package, where `instanceof` says no. */
  static isInstance(value: unknown): value is BlindLlamaError {
    return value instanceof Error && marker in value
  }
}

/** Names of standard errors and of `DOMException`, and codes of Node.js: words that no caller writes. */
const standardName = /^(?:[A-Z][a-z]+){0,5}Error$/
const systemCode = /^(?:UND_)?E[A-Z_]{2,40}$/
/** A failed `fetch` of Node.js has the reason two causes down. */
const maxDepth = 4

/** `cause` without its words: a copy of what it is, and of what caused it. */
function kindOf(cause: unknown, depth = 1): unknown {
  if (cause instanceof BlindLlamaError) return cause
  if (!(cause instanceof Error)) return undefined
  const { name, code, cause: deeper } = cause as Error & { code?: unknown }
  const known = matching(code, systemCode)
  const nested = deeper instanceof Error && depth < maxDepth ? { cause: kindOf(deeper, depth + 1) } : undefined
  const kind = Object.assign(new Error(known, nested), known && { code: known })
  return Object.defineProperty(kind, 'name', { value: matching(name, standardName) ?? 'Error' })
}

function matching(value: unknown, form: RegExp): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined
}

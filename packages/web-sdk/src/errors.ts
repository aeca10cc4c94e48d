import type { Code } from '@blindllama/verifier-wasm'
import type { FailedVerdict } from './verdict.js'

export type { Code } from '@blindllama/verifier-wasm'

const marker = Symbol.for('blindllama.error')

/** How many errors `find` may look at. */
const maxSearched = 64

/** What a library was answered with in place of a rejection, by the header fields of the answer, which its own error keeps. */
export const answered: WeakMap<object, BlindLlamaError> = new WeakMap()

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
  /** The report of the verifier. Not enumerable: a console that prints the error shows its sentence, and not 150 lines of steps. */
  declare readonly verdict?: FailedVerdict

  constructor(code: Code, message: string, options: BlindLlamaErrorOptions = {}) {
    super(`${message} (${code})`, 'cause' in options ? { cause: kindOf(options.cause) } : undefined)
    this.code = code
    Object.defineProperties(this, {
      name: { value: 'BlindLlamaError' },
      [marker]: { value: true },
      verdict: { value: options.verdict },
    })
  }

  /** The page that says what the code means and what to do about it. */
  get help(): string {
    return `https://github.com/blindllama/blindllama-web/blob/main/docs/ERRORS.md#${this.code.split('.')[0]}`
  }

  /**
   * The error of this package in `error`, which a library may have wrapped: itself, one of its causes, or what a retrying client
   * was answered with. Looks at 64 errors at most, so that causes may form a circle.
   *
   * @example
   * ```ts
   * try {
   *   await openai.chat.completions.create(request)
   * } catch (error) {
   *   show(BlindLlamaError.find(error)?.message ?? 'The model server failed')
   * }
   * ```
   */
  static find(error: unknown): BlindLlamaError | undefined {
    const seen = [error]
    for (const one of seen) {
      if (BlindLlamaError.isInstance(one)) return one
      if (typeof one !== 'object' || one === null || seen.length > maxSearched) continue
      const { cause, errors, headers } = one as { cause?: unknown; errors?: unknown; headers?: unknown }
      seen.push(cause, answered.get(headers as object), ...(Array.isArray(errors) ? errors.slice(0, 8) : []))
    }
    return undefined
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

import { BlindLlamaError } from '@blindllama/web-sdk'

type Fetch = typeof globalThis.fetch

/**
 * `fetch` for `openai`, which takes every error for a timeout of its own, and drops it, if its text or that of its cause says
 * "timeout", as codes of ours do. Two causes down it looks at nothing, and `codeOf` finds the error there.
 */
export function keepErrors(fetch: Fetch): Fetch {
  return async (input, init) => {
    try {
      return await fetch(input, init)
    } catch (error) {
      if (!BlindLlamaError.isInstance(error)) throw error
      const between = new Error('The cause says why', { cause: error })
      // oxlint-disable-next-line preserve-caught-error -- It is the cause of the cause, on purpose.
      throw new Error('The request failed', { cause: between })
    }
  }
}

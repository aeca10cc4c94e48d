import type { BlindLlamaClient, BlindLlamaError } from '@blindllama/web-sdk'

/** What {@link readAnswer} finds where it runs, in Node and in a page alike. */
export interface ReadContext {
  readonly client: BlindLlamaClient<true>
  readonly BlindLlamaError: typeof BlindLlamaError
  /** Called once the wanted number of events has arrived. */
  readonly reached: () => unknown
}

export interface Question {
  readonly url: string
  readonly body: string
  /** Events of the answer behind which `reached` is called. */
  readonly reachedAfter: number
}

/** How an answer ended, as an application sees it. */
export interface AnswerEnd {
  /** All text that was given out, without the comments that pad events. */
  readonly text: string
  /** Of the answer inside, once its head has arrived. */
  readonly status?: number
  /** The body ended, as if the answer were whole. */
  readonly quiet: boolean
  /** Of the error, where there was one. */
  readonly own?: boolean
  readonly name?: string
  readonly code?: string
  /** The transport itself had said that something was wrong. */
  readonly transportFailed?: boolean
}

/**
 * Asks and reads to the end as an application does. It also runs in pages, to which its text is sent: it must use nothing
 * of this module.
 */
export async function readAnswer({ url, body, reachedAfter }: Question): Promise<AnswerEnd> {
  const {
    client,
    BlindLlamaError: Own,
    reached,
  } = (globalThis as unknown as { surroundings: ReadContext }).surroundings
  let text = ''
  let status = 0
  let told = false
  try {
    // What is damaged is looked at, and not made good.
    const init = { method: 'POST', body, resend: 'never' } as const
    const response = await client.fetch(new URL('v1/chat/completions', url), init)
    status = response.status
    const reader = response.body?.getReader()
    const decoder = new TextDecoder()
    for (;;) {
      // As `withoutPadding`, of which a page sees nothing.
      const events = text.replaceAll(/^: *\n\n/gm, '').split('\n\n').length - 1
      if (!told && events >= reachedAfter) {
        told = true
        reached()
      }
      const piece = await reader?.read()
      if (piece?.value === undefined) return { text, status, quiet: true }
      text += decoder.decode(piece.value, { stream: true })
    }
  } catch (error) {
    const { name, code, cause } = error as { name: string; code?: string; cause?: unknown }
    const own = Own.isInstance(error)
    return {
      text,
      status,
      quiet: false,
      own,
      name,
      code: String(code),
      transportFailed: cause !== undefined,
    }
  }
}

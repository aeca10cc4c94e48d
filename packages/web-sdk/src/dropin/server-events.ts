import { createParser, type ParseError } from 'eventsource-parser'
import { BlindLlamaError } from '../errors.js'
import { discard, mediaType } from '../outer-fetch.js'

/** Longest event, in characters. */
const maxEvent = 16 * 1024 * 1024

/** An event of a stream (https://html.spec.whatwg.org/#event-stream-interpretation). */
export interface ServerEvent {
  /** The lines of its data, joined. */
  data: string
  /** Its type, where it has one. */
  event?: string | undefined
  id?: string | undefined
}

/**
 * The server-sent events of a response, each as soon as it is there. Leaving the loop ends the request.
 *
 * @example
 * ```js
 * const response = await fetch('/v1/chat/completions', { method: 'POST', headers, body })
 * for await (const { data } of BlindLlama.events(response)) {
 *   if (data === '[DONE]') break
 *   show(JSON.parse(data).choices[0]?.delta.content ?? '')
 * }
 * ```
 *
 * @throws {BlindLlamaError} `dropin.events` where the response is no stream of events, or an event has more than 16 Mi characters; what the
 *   body of the response rejects with, where it is cut or altered.
 */
export async function* serverEvents(response: Response): AsyncGenerator<ServerEvent, void, undefined> {
  if (!response.ok || mediaType(response) !== 'text/event-stream' || !response.body) {
    discard(response)
    throw new BlindLlamaError(
      'dropin.events',
      `A response with status ${response.status} and media type ${JSON.stringify(mediaType(response))} is no stream of events`,
    )
  }
  const events: ServerEvent[] = []
  let fault: ParseError | undefined
  const parser = createParser({
    onEvent: ({ data, event, id }) => events.push({ data, event, id }),
    onError: (error) => {
      // Unknown fields are for later versions of the format.
      if (error.type === 'max-buffer-size-exceeded') fault = error
    },
    maxBufferSize: maxEvent,
  })
  // WebKit has no `for await` over a stream.
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      parser.feed(decoder.decode(value, { stream: true }))
      if (fault) throw new BlindLlamaError('dropin.events', 'An event has more than 16 Mi characters', { cause: fault })
      yield* events.splice(0)
    }
  } finally {
    reader.cancel().catch(() => {})
  }
}

import { type ResponsePart, ResponseDecoder } from '../bhttp/decode-response.js'
import type { Bytes } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { truncated } from '../ohttp/chunk-framing.js'
import { ResponseOpener } from '../ohttp/open-response.js'
import type { SealedRequest } from '../ohttp/seal-request.js'
import type { ObservedExchange } from './observed.js'

/** An authenticated answer. */
export interface Answer {
  kind: 'answer'
  response: Response
  /** The gateway's own code, where it and not the upstream answered (PROTOCOL.md §11). */
  gatewayCode: string | null
  /** The gateway's or the upstream's clock, milliseconds since 1970; NaN where it does not say. */
  date: number
}

/** How an answer that broke off before its content goes on (PROTOCOL.md §10.1). */
export interface Continuation {
  /** The response that the caller has already, of which this answer gives the content. */
  shown?: Response | undefined
  /** Gives another answer, whose content takes the place of that of `response`, or throws. */
  instead?: (response: Response, error: BlindLlamaError) => Promise<Response>
}

/** RFC 9110 §6.4.1: these answers have no content, and `Response` takes no body for them. */
const withoutContent: ReadonlySet<number> = new Set([204, 205, 304])

/**
 * Opens an encapsulated response up to the head of the answer inside. Its body is opened as it is read: a byte is given out
 * once the tag of its chunk has verified, and the body ends only behind the final chunk; anything else errors it.
 *
 * @param signal of the request; when it aborts, the body errors with its reason, as with `fetch`
 */
export async function openAnswer(
  outer: Response,
  request: SealedRequest['response'],
  signal: AbortSignal | undefined,
  exchange?: ObservedExchange,
  { shown, instead }: Continuation = {},
): Promise<Answer> {
  const parts = new AnswerParts(outer, request, signal, exchange)
  const head = await parts.next()
  if (head?.kind !== 'head') throw new BlindLlamaError('channel.message', 'The decrypted answer has no head')
  const headers = new Headers(head.fields as [string, string][])
  const again = async (error: BlindLlamaError): Promise<Response> => {
    if (!instead) throw error
    return instead(response, error)
  }
  const content = withoutContent.has(head.status) ? await assertEmpty(parts) : streamOf(parts, again)
  const response = new Response(content, { status: head.status, headers })
  exchange?.answered(shown ?? response)
  return {
    kind: 'answer',
    response,
    gatewayCode: headers.get('blindllama-code'),
    date: Date.parse(headers.get('date') ?? ''),
  }
}

/** The decoded parts of one answer; after an error the connection is let go. */
class AnswerParts {
  readonly #decoder = new ResponseDecoder()
  readonly #opener: ResponseOpener
  readonly #reader: ReadableStreamDefaultReader<Bytes> | undefined
  readonly #signal: AbortSignal | undefined
  readonly #exchange: ObservedExchange | undefined

  constructor(
    outer: Response,
    request: SealedRequest['response'],
    signal: AbortSignal | undefined,
    exchange: ObservedExchange | undefined,
  ) {
    this.#reader = outer.body?.getReader()
    this.#opener = new ResponseOpener(request, () => this.#read())
    this.#signal = signal
    this.#exchange = exchange
  }

  async next(): Promise<ResponsePart | undefined> {
    try {
      for (;;) {
        this.#signal?.throwIfAborted()
        const part = this.#decoder.next()
        if (!part && this.#decoder.done) this.#exchange?.ended()
        if (part || this.#decoder.done) return part
        const plaintext = await this.#opener.next()
        if (plaintext) {
          this.#exchange?.received(plaintext)
          this.#decoder.push(plaintext)
        } else this.#decoder.end()
      }
    } catch (error) {
      await this.cancel(error)
      throw error
    }
  }

  async cancel(reason: unknown): Promise<void> {
    this.#exchange?.ended({ reason })
    await this.#reader?.cancel(reason).catch(() => {})
  }

  async #read(): Promise<Bytes | undefined> {
    try {
      return (await this.#reader?.read())?.value
    } catch (cause) {
      this.#signal?.throwIfAborted()
      throw truncated({ cause })
    }
  }
}

/**
 * A byte stream, as `fetch` gives one, in engines that have them.
 *
 * @param again gives another answer where this one breaks off before its content
 */
function streamOf(parts: AnswerParts, again: (error: BlindLlamaError) => Promise<Response>): ReadableStream<Bytes> {
  let untouched = true
  let left = false
  let other: ReadableStreamDefaultReader<Bytes> | undefined
  const read = async (): Promise<Bytes | undefined> => {
    if (other) return (await other.read()).value
    const part = await parts.next()
    return part?.kind === 'content' ? part.bytes : undefined
  }
  return new ReadableStream(
    {
      type: globalThis.ReadableByteStreamController && 'bytes',
      async pull(controller) {
        const bytes = await read().catch(async (error: BlindLlamaError) => {
          if (!untouched || left) throw error
          other = (await again(error)).body?.getReader()
          // Nobody reads it any more: the model need not go on.
          if (left) await other?.cancel()
          return read()
        })
        untouched = false
        // A copy: a byte stream takes the memory of what it is given, where the rest of the chunk is.
        if (bytes) controller.enqueue(bytes.slice())
        else {
          controller.close()
          // Of whoever waits for bytes in memory of their own.
          ;(controller as ReadableByteStreamController).byobRequest?.respond(0)
        }
      },
      async cancel(reason) {
        left = true
        await (other ?? parts).cancel(reason)
      },
    } as UnderlyingByteSource,
    { highWaterMark: 0 },
  )
}

async function assertEmpty(parts: AnswerParts): Promise<null> {
  if (await parts.next()) throw new BlindLlamaError('channel.message', 'The decrypted answer has content')
  return null
}

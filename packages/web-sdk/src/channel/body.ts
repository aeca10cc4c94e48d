import { raceAbort } from '../abort.js'
import { kindOfValue, utf8 } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { type Piece, windowLength } from '../ohttp/seal-request.js'
import { encodeForm } from './form.js'

/** The content of a request, and the content type that `fetch` would give it; '' for none. */
export interface Body {
  content: Piece
  type: string
}

/**
 * Reads a body. Bytes and Blobs, and the files of forms, are taken as they are, without a copy; streams are gathered in a Blob
 * and never passed to the platform's `fetch` or `Request`, which not every engine can send.
 *
 * @throws {BlindLlamaError} `request.body`; the reason of `signal`
 */
export async function readBody(body: BodyInit | Request | undefined, signal: AbortSignal | undefined): Promise<Body> {
  if (body === undefined) return { content: new Uint8Array(), type: '' }
  if (typeof body === 'string') return { content: utf8(body), type: 'text/plain;charset=UTF-8' }
  if (body instanceof Blob) return { content: body, type: body.type }
  if (body instanceof FormData) return encodeForm(body)
  if (ArrayBuffer.isView(body) && kindOfValue(body.buffer) === 'ArrayBuffer')
    return { content: new Uint8Array(body.buffer as ArrayBuffer, body.byteOffset, body.byteLength), type: '' }
  try {
    if (kindOfValue(body) === 'ReadableStream')
      return { content: await gather(body as ReadableStream, signal), type: '' }
    const readable = 'url' in Object(body) ? (body as Request) : new Response(body as BodyInit)
    const type = readable.headers.get('content-type') ?? ''
    return { content: await raceAbort(readable.blob(), signal), type }
  } catch (cause) {
    signal?.throwIfAborted()
    throw new BlindLlamaError('request.body', 'The body cannot be read', { cause })
  }
}

/** What a stream gives, in a Blob that grows window by window: browsers keep those outside the memory of the page. */
async function gather(stream: ReadableStream<Uint8Array>, signal: AbortSignal | undefined): Promise<Blob> {
  const reader = stream.getReader()
  const blobs: Blob[] = []
  const window = new Uint8Array(windowLength)
  let filled = 0
  try {
    for (;;) {
      const { done, value } = await raceAbort(reader.read(), signal)
      if (done) return new Blob([...blobs, window.subarray(0, filled)])
      // Its message would be dropped with those of all causes.
      if (kindOfValue(value) !== 'Uint8Array') throw new TypeError()
      for (let offset = 0; offset < value.length;) {
        const part = value.subarray(offset, offset + windowLength - filled)
        window.set(part, filled)
        offset += part.length
        filled += part.length
        if (filled < windowLength) continue
        const blob = new Blob([window])
        // Comes back once the browser has taken it over; meanwhile the page goes on.
        await blob.slice(0, 1).arrayBuffer()
        blobs.push(blob)
        filled = 0
      }
    }
  } catch (error) {
    reader.cancel(error).catch(() => {})
    throw error
  }
}

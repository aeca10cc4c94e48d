import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ResponseDecoder } from '../../src/bhttp/decode-response.js'
import { encodeFieldLines } from '../../src/bhttp/fields.js'
import { type Bytes, concat, hex, utf8 } from '../../src/bytes.js'
import { BlindLlamaError } from '../../src/errors.js'
import { ChunkFraming } from '../../src/ohttp/chunk-framing.js'
import { encodeVarint, lengthPrefixed } from '../../src/varint.js'
import { cut } from '../support/bytes.js'
import { type FramingResult, GatewayDecoders, type MessageResult } from '../support/gateway-decoders.js'

/** Header and encapsulated key of a request; a response has its nonce there, of another length. */
const prefixLength = 39

function codeOf(error: unknown): string {
  if (error instanceof BlindLlamaError) return error.code
  throw error
}

function frame(bytes: Bytes, splits: readonly number[]): FramingResult {
  const framing = new ChunkFraming()
  const chunks: number[] = []
  let prefix: Bytes | undefined
  const take = (): void => {
    prefix ??= framing.prefix(prefixLength)
    if (!prefix) return
    for (let chunk = framing.next(); chunk; chunk = framing.next()) chunks.push(chunk.ciphertext.length)
  }
  try {
    for (const piece of cut(bytes, splits)) {
      framing.push(piece)
      take()
    }
    framing.end()
    take()
    return { chunks, error: null }
  } catch (error) {
    return { chunks, error: codeOf(error) }
  }
}

function decode(bytes: Bytes, splits: readonly number[]): MessageResult & { status: number } {
  const decoder = new ResponseDecoder()
  const result: MessageResult & { status: number } = { status: 0, fields: [], content: '', error: null }
  const take = (): void => {
    for (let part = decoder.next(); part; part = decoder.next()) {
      if (part.kind === 'content') result.content += hex(part.bytes)
      else {
        result.status = part.status
        result.fields = part.fields.map(([name, value]) => [name, Buffer.from(value, 'latin1').toString('hex')])
      }
    }
  }
  try {
    for (const piece of cut(bytes, splits)) {
      decoder.push(piece)
      take()
    }
    decoder.end()
    take()
    expect(decoder.done).toBe(true)
  } catch (error) {
    result.error = codeOf(error)
  }
  return result
}

const smallSplits = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 })
const bytes = (maxLength: number): fc.Arbitrary<Bytes> =>
  fc.uint8Array({ maxLength }).map((array) => new Uint8Array(array))

/** A varint of any of the four forms that hold `value`, RFC 9000 §16. */
const varint = (value: number): fc.Arbitrary<Bytes> =>
  fc.constantFrom(0, 1, 2, 3).map((form) => {
    const shortest = encodeVarint(value)
    const length = 2 ** form
    if (length <= shortest.length) return shortest
    const encoded = new Uint8Array(length)
    for (let index = length - 1, rest = value; rest > 0; index -= 1, rest = Math.floor(rest / 256))
      encoded[index] = rest & 0xff
    encoded[0] = (encoded[0] ?? 0) | (form << 6)
    return encoded
  })

/** What an attacker or a defect makes of bytes. */
function damaged(whole: fc.Arbitrary<Bytes>): fc.Arbitrary<Bytes> {
  const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), remove: fc.nat(3), insert: bytes(3) })
  return fc.tuple(whole, fc.array(edit, { maxLength: 3 })).map(([start, edits]) =>
    edits.reduce((message, { at, remove, insert }) => {
      const offset = Math.floor(at * message.length)
      return concat(message.subarray(0, offset), insert, message.subarray(offset + remove))
    }, start),
  )
}

const chunk = fc
  .oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 16_380, max: 16_420 }))
  .chain((length) =>
    fc.tuple(varint(length), fc.constant(new Uint8Array(length).fill(7))).map((parts) => concat(...parts)),
  )
const framed = fc
  .tuple(fc.array(chunk, { maxLength: 4 }), varint(0), fc.integer({ min: 10, max: 50 }))
  .map(([chunks, zero, last]) => concat(new Uint8Array(prefixLength), ...chunks, zero, new Uint8Array(last)))

const field = fc.tuple(
  fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/),
  fc.stringMatching(/^[!-~]([ -~\u0080-\u00ff]{0,8}[!-~])?$/),
)
const content = fc.array(bytes(30), { maxLength: 3 })
const section = fc.array(field, { maxLength: 3 })
/** A message from its fields on, in either form. */
const tail = fc
  .tuple(fc.boolean(), section, content, section, fc.nat(4), fc.nat(3))
  .map(([known, fields, pieces, trailers, padding, left]) => {
    const lines = [fields, trailers].map(encodeFieldLines)
    const [head, foot] = lines.map((one) => (known ? lengthPrefixed(one) : concat(one, Uint8Array.of(0))))
    const body = known
      ? lengthPrefixed(concat(...pieces))
      : concat(...pieces.filter(({ length }) => length > 0).map(lengthPrefixed), Uint8Array.of(0))
    // Parts at the end may be left out where they are empty (RFC 9292 §3.8), and not otherwise.
    const parts = [head, body, foot, new Uint8Array(padding)].slice(0, 4 - left)
    return { known, bytes: concat(...parts.map((part) => part ?? new Uint8Array())) }
  })

const responseOf = (known: boolean, rest: Bytes): Bytes => concat(Uint8Array.of(known ? 1 : 3, 0x40, 200), rest)
const requestOf = (known: boolean, rest: Bytes): Bytes =>
  concat(
    Uint8Array.of(known ? 0 : 2),
    ...['POST', 'https', 'ohttp.invalid', '/'].map((text) => lengthPrefixed(utf8(text))),
    rest,
  )

describe('whatever the bytes', () => {
  test('chunks and their end do not depend on how they arrive', () => {
    fc.assert(
      fc.property(fc.oneof(bytes(400), damaged(framed)), smallSplits, (body, splits) => {
        expect(frame(body, splits)).toEqual(frame(body, [body.length || 1]))
      }),
      { numRuns: 2000 },
    )
  })

  test('head, content and end of a message do not depend on how it arrives', () => {
    const message = tail.map(({ known, bytes: rest }) => responseOf(known, rest))
    fc.assert(
      fc.property(fc.oneof(bytes(200), damaged(message)), smallSplits, (body, splits) => {
        expect(decode(body, splits)).toEqual(decode(body, [body.length || 1]))
      }),
      { numRuns: 3000 },
    )
  })
})

describe('the decoders of SDK and gateway agree', () => {
  let gateway: GatewayDecoders
  beforeAll(() => void (gateway = new GatewayDecoders()))
  afterAll(() => gateway.close())

  test('on chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(bytes(400), damaged(framed)), smallSplits, async (body, splits) => {
        expect(frame(body, splits)).toEqual(await gateway.framing(body))
      }),
      { numRuns: 1000 },
    )
  })

  test('on everything in a message that requests and responses share', async () => {
    const shape = tail.chain(({ known, bytes: rest }) =>
      damaged(fc.constant(rest)).map((bent) => ({ known, rest: bent })),
    )
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(shape, smallSplits, async ({ known, rest }, splits) => {
        const theirs = await gateway.message(requestOf(known, rest))
        const ours = decode(responseOf(known, rest), splits)
        // The gateway refuses some values that fetch would take: control characters, white space around them.
        if (theirs.error === 'request.field') return
        // A field that says to be longer than its section may be: both refuse it, each by its own code.
        expect(ours.error).toBe(theirs.error === 'request.too_large' ? 'channel.message' : theirs.error)
        if (ours.error !== null) return
        accepted += 1
        expect(ours.content).toBe(theirs.content)
        expect(ours.fields.toSorted()).toEqual(theirs.fields.toSorted())
      }),
      { numRuns: 3000 },
    )
    expect(accepted).toBeGreaterThan(300)
  })
})

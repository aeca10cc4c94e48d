import * as fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type ResponsePart, ResponseDecoder } from '../../src/bhttp/decode-response.js'
import { type Bytes, concat, fromHex, utf8 } from '../../src/bytes.js'
import { encodeVarint, lengthPrefixed } from '../../src/varint.js'
import { anyBytes, anySplits, cut } from '../support/bytes.js'
import { Peer } from '../support/peer.js'

const peer = new Peer()
afterAll(() => peer.close())

interface Decoded {
  status: number
  fields: readonly (readonly [string, string])[]
  content: Bytes
}

function drain(decoder: ResponseDecoder): ResponsePart[] {
  const parts: ResponsePart[] = []
  for (let part = decoder.next(); part; part = decoder.next()) parts.push(part)
  return parts
}

function decode(message: Uint8Array, splits: readonly number[] = [message.length || 1]): Decoded {
  const decoder = new ResponseDecoder()
  const parts: ResponsePart[] = []
  for (const piece of cut(message, splits)) {
    decoder.push(piece)
    parts.push(...drain(decoder))
  }
  decoder.end()
  parts.push(...drain(decoder))
  expect(decoder.done).toBe(true)
  const [head, ...rest] = parts
  if (head?.kind !== 'head') throw new Error('the first part is not the head')
  const contents = rest.map((part) => (part.kind === 'content' ? part.bytes : expect.unreachable('a second head')))
  return { status: head.status, fields: head.fields, content: concat(...contents) }
}

/* RFC 9292 §5.2: informational responses, then a response with content in one chunk. */
const withInformational = fromHex(
  '0340660772756e6e696e670a22736c65657020313522004067046c696e6b233c2f7374796c652e6373733e3b2072656c3d7072656c6f61643b2061' +
    '733d7374796c65046c696e6b243c2f7363726970742e6a733e3b2072656c3d7072656c6f61643b2061733d7363726970740040c8046461746' +
    '51d4d6f6e2c203237204a756c20323030392031323a32383a353320474d5406736572766572064170616368650d6c6173742d6d6f64696669' +
    '65641d5765642c203232204a756c20323030392031393a31353a353620474d54046574616714223334616133383' +
    '72d642d3135363865623030220d6163636570742d72616e6765730562797465730e636f6e74656e742d6c656e67746802353104766172790f' +
    '4163636570742d456e636f64696e670c636f6e74656e742d747970650a746578742f706c61696e003348656c6c6f20576f726c6421204d792063' +
    '6f6e74656e7420696e636c75646573206120747261696c696e672043524c462e0d0a0000',
)
/* RFC 9292 §5.3: a known-length response with a trailer. */
const withTrailer = fromHex(
  '0140c8001d5468697320636f6e74656e7420636f6e7461696e732043524c462e0d0a0d07747261696c65720474657874',
)

describe('the examples of RFC 9292', () => {
  test('passes over informational responses', () => {
    const { status, fields, content } = decode(withInformational)
    expect(status).toBe(200)
    expect(fields).toHaveLength(8)
    expect(fields[0]).toEqual(['date', 'Mon, 27 Jul 2009 12:28:53 GMT'])
    expect(content).toEqual(utf8('Hello World! My content includes a trailing CRLF.\r\n'))
  })

  test('reads a known-length response and drops its trailer', () => {
    expect(decode(withTrailer)).toEqual({
      status: 200,
      fields: [],
      content: utf8('This content contains CRLF.\r\n'),
    })
  })

  test.each([
    ['indeterminate', withInformational],
    ['known', withTrailer],
  ])('reads the %s length one however it is cut', (_, message) => {
    const whole = decode(message)
    for (let length = 1; length < message.length; length += 1) expect(decode(message, [length])).toEqual(whole)
  })
})

describe('what an independent encoder writes', () => {
  test.each([true, false])('known length: %s', async (known_length) => {
    await fc.assert(
      fc.asyncProperty(anyBytes(70_000), anySplits, fc.nat(100), async (content, splits, padding) => {
        const fields: [string, string][] = [['content-type', 'text/event-stream']]
        const trailers: [string, string][] = [['x-checked', 'yes']]
        const message = await peer.encode({ known_length, status: 429, fields, content, trailers })
        const decoded = decode(concat(message, new Uint8Array(padding)), splits)
        expect(decoded).toEqual({ status: 429, fields, content })
      }),
      { numRuns: 20 },
    )
  })
})

function bareHead(framing: number): Bytes {
  return concat(encodeVarint(framing), encodeVarint(200), Uint8Array.of(0))
}

describe('truncation (RFC 9292 §3.8)', () => {
  test.each([1, 3])('empty content and trailers may be missing, framing %i', (framing) => {
    expect(decode(bareHead(framing))).toEqual({ status: 200, fields: [], content: new Uint8Array() })
    expect(decode(concat(bareHead(framing), Uint8Array.of(0)))).toMatchObject({ status: 200 })
  })

  // Behind the head, and behind the content, the message may end.
  test.each([
    ['indeterminate', withInformational, [withInformational.length - 54, withInformational.length - 1]],
    ['known', withTrailer, [4, withTrailer.length - 14]],
  ])('any other missing end is an error: %s', (_, message, mayEnd) => {
    for (let length = 0; length < message.length; length += 1)
      if (mayEnd.includes(length)) expect(decode(message.slice(0, length))).toMatchObject({ status: 200 })
      else
        expect(() => decode(message.slice(0, length)), `cut at ${length}`).toThrow(
          expect.objectContaining({ code: 'channel.message' }),
        )
  })
})

function line(name: string, value: string): Bytes {
  return concat(lengthPrefixed(utf8(name)), lengthPrefixed(utf8(value)))
}

function known(status: number, lines: Uint8Array): Bytes {
  return concat(Uint8Array.of(1), encodeVarint(status), lengthPrefixed(lines), new Uint8Array(2))
}

describe('refuses', () => {
  test.each<[string, Uint8Array]>([
    ['a request', Uint8Array.of(0, 3, 0x47, 0x45, 0x54)],
    ['an unknown framing', Uint8Array.of(4, 0x40, 0xc8, 0)],
    ['a status below 100', known(99, new Uint8Array())],
    ['a status above 599', known(600, new Uint8Array())],
    ['CR in a value', known(200, line('a', 'x\ry'))],
    ['LF in a value', known(200, line('a', 'x\ny'))],
    ['NUL in a value', known(200, line('a', 'x\0y'))],
    ['an upper-case name', known(200, line('Server', 'x'))],
    ['a pseudo-field', known(200, line(':status', '200'))],
    ['an empty name', known(200, line('', 'x'))],
    [
      'a section shorter than its lines',
      concat(Uint8Array.of(1, 0x40, 0xc8, 3), line('ab', 'cd'), Uint8Array.of(0, 0)),
    ],
    ['a section that ends within a line', known(200, Uint8Array.of(1, 0x61, 5, 0x62))],
    ['a section of 2^62 bytes', concat(Uint8Array.of(1, 0x40, 0xc8), fromHex('ffffffffffffffff'))],
    ['a field of 2^61 bytes', concat(Uint8Array.of(3, 0x40, 0xc8), fromHex('e000000000000000'))],
    ['padding that is not zero', concat(withTrailer, Uint8Array.of(0, 0, 1))],
    ['something behind the end', concat(withInformational, Uint8Array.of(1))],
    [
      'endless informational responses',
      concat(Uint8Array.of(1), ...Array.from({ length: 40 }, () => Uint8Array.of(0x40, 0x64, 0))),
    ],
  ])('%s', (_, message) => {
    expect(() => decode(message)).toThrow(expect.objectContaining({ code: 'channel.message' }))
  })

  test('a field section over the limit before it arrives', () => {
    const decoder = new ResponseDecoder()
    decoder.push(concat(Uint8Array.of(1, 0x40, 0xc8), encodeVarint(1_000_000)))
    expect(() => decoder.next()).toThrow(expect.objectContaining({ code: 'channel.message' }))
  })
})

test('gives content out as it arrives', () => {
  const decoder = new ResponseDecoder()
  decoder.push(concat(Uint8Array.of(1, 0x40, 0xc8, 0), encodeVarint(10), utf8('abc')))
  expect(drain(decoder)).toEqual([
    { kind: 'head', status: 200, fields: [] },
    { kind: 'content', bytes: utf8('abc') },
  ])
  decoder.push(utf8('de'))
  expect(drain(decoder)).toEqual([{ kind: 'content', bytes: utf8('de') }])
  expect(decoder.done).toBe(false)
})

import { beforeAll, describe, expect, test } from 'vitest'
import { type Bytes, concat, utf8 } from '../../src/bytes.js'
import { ResponseOpener } from '../../src/ohttp/open-response.js'
import { type SealedRequest, sealRequest } from '../../src/ohttp/seal-request.js'
import { encodeVarint } from '../../src/varint.js'
import { bytesOf, cut, pattern, readerOf } from '../support/bytes.js'
import { requestKeyOf } from '../support/channel-keys.js'
import { HpkeCoreGateway, type Respond, type SealedResponse } from '../support/hpke-core-gateway.js'

const texts = ['data: one\n\n', 'data: two\n\n', 'data: three\n\n']
let request: SealedRequest['response']
let respond: Respond
let answer: SealedResponse
let nonce: Bytes
/** The three events, then the empty final chunk. */
let chunks: Bytes[]

beforeAll(async () => {
  const gateway = await HpkeCoreGateway.create(1)
  const sealed = await sealRequest(await requestKeyOf(gateway.config), [utf8('hello')])
  request = sealed.response
  respond = (await gateway.open(await bytesOf(sealed.body))).respond
  answer = await respond([...texts.map((text) => utf8(text)), new Uint8Array()])
  ;({ nonce, chunks } = answer)
})

/** What is given out before the error, and the error's code; `ended` where there was none. */
async function open(body: Bytes, splits = [body.length || 1]): Promise<{ released: string[]; end: string }> {
  const opener = new ResponseOpener(request, readerOf(cut(body, splits)))
  const released: string[] = []
  try {
    for (let plaintext = await opener.next(); plaintext; plaintext = await opener.next())
      released.push(new TextDecoder().decode(plaintext))
    return { released, end: 'ended' }
  } catch (error) {
    await expect(opener.next(), 'after an error nothing more is given out').rejects.toBe(error)
    return { released, end: (error as { code: string }).code }
  }
}

function chunk(index: number): Bytes {
  return chunks[index] ?? expect.unreachable('no such chunk')
}

test('the untouched answer ends', async () => {
  expect(await open(answer.body)).toEqual({ released: [...texts, ''], end: 'ended' })
})

describe('a cut', () => {
  test.each([1, 7, 10_000])('at any byte is a truncation, in pieces of %i', async (piece) => {
    for (let length = 0; length < answer.body.length; length += 1) {
      const { released, end } = await open(answer.body.slice(0, length), [piece])
      expect(end, `cut at ${length}`).toBe('channel.truncated')
      expect(texts.slice(0, released.length)).toEqual(released)
    }
  })

  test('within a final chunk that carries content is one too', async () => {
    const { body, chunks: two } = await respond([utf8('first'), pattern(1000)])
    const finalLength = two[1]?.length ?? 0
    for (let missing = 1; missing <= finalLength; missing += 1)
      expect(await open(body.slice(0, body.length - missing))).toEqual({
        released: ['first'],
        end: 'channel.truncated',
      })
  })
})

describe('whatever is altered, nothing behind it is given out', () => {
  test('every bit flip', async () => {
    const whole = [...texts, '']
    for (let bit = 0; bit < answer.body.length * 8; bit += 1) {
      const body = answer.body.slice()
      body[bit >>> 3] = (body[bit >>> 3] ?? 0) ^ (1 << (bit & 7))
      const { released, end } = await open(body)
      expect(end, `bit ${bit}`).toMatch(/^channel\.(decrypt|truncated|chunk_size)$/)
      expect(whole.slice(0, released.length)).toEqual(released)
      expect(released.length).toBeLessThan(whole.length)
    }
  })

  test.each<[string, () => Bytes[], string[], string]>([
    ['two chunks swapped', () => [chunk(1), chunk(0), chunk(2), chunk(3)], [], 'channel.decrypt'],
    [
      'a chunk repeated',
      () => [chunk(0), chunk(0), chunk(1), chunk(2), chunk(3)],
      texts.slice(0, 1),
      'channel.decrypt',
    ],
    ['a chunk dropped', () => [chunk(0), chunk(2), chunk(3)], texts.slice(0, 1), 'channel.decrypt'],
    ['the end moved forward', () => [chunk(0), chunk(3)], texts.slice(0, 1), 'channel.truncated'],
    [
      'a chunk declared final',
      () => [chunk(0), concat(encodeVarint(0), chunk(1).slice(1))],
      texts.slice(0, 1),
      'channel.truncated',
    ],
    [
      'the final chunk declared another',
      () => [chunk(0), concat(encodeVarint(16), chunk(3).slice(1))],
      texts.slice(0, 1),
      'channel.chunk_size',
    ],
    [
      'a forged final chunk',
      () => [...chunks.slice(0, 3), concat(encodeVarint(0), pattern(16))],
      texts,
      'channel.truncated',
    ],
    ['bytes behind the final chunk', () => [...chunks, pattern(5)], texts, 'channel.truncated'],
    ['a second final chunk', () => [...chunks, chunk(3)], texts, 'channel.truncated'],
    [
      'a length over the limit',
      () => [chunk(0), concat(encodeVarint(16_401), pattern(40_000))],
      texts.slice(0, 1),
      'channel.chunk_size',
    ],
    ['a length of 2^62-1', () => [Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255)], [], 'channel.chunk_size'],
    [
      'an endless final chunk',
      () => [chunk(0), concat(encodeVarint(0), pattern(40_000))],
      texts.slice(0, 1),
      'channel.chunk_size',
    ],
  ])('%s', async (_, altered, released, end) => {
    expect(await open(concat(nonce, ...altered()))).toEqual({ released, end })
  })

  test('the nonce of another answer', async () => {
    const other = await respond(texts.map((text) => utf8(text)))
    expect(await open(concat(other.nonce, ...chunks))).toEqual({ released: [], end: 'channel.decrypt' })
  })

  test('an answer to another request', async () => {
    const gateway = await HpkeCoreGateway.create(1)
    const other = await sealRequest(await requestKeyOf(gateway.config), [utf8('hello')])
    const foreign = await (await gateway.open(await bytesOf(other.body))).respond([utf8('lies'), new Uint8Array()])
    expect(await open(foreign.body)).toEqual({ released: [], end: 'channel.decrypt' })
  })

  test('an empty chunk before the end, which the gateway itself sealed', async () => {
    const { body } = await respond([utf8('one'), new Uint8Array(), new Uint8Array()])
    expect(await open(body)).toEqual({ released: ['one'], end: 'channel.chunk_size' })
  })

  test('a chunk over 16 KiB, which the gateway itself sealed', async () => {
    const { body } = await respond([pattern(16_385), new Uint8Array()])
    expect(await open(body)).toEqual({ released: [], end: 'channel.chunk_size' })
  })
})

test('a forbidden length is refused before its bytes arrive', async () => {
  let reads = 0
  const opener = new ResponseOpener(request, async () => {
    reads += 1
    return reads === 1 ? concat(nonce, encodeVarint(16_401)) : pattern(1024)
  })
  await expect(opener.next()).rejects.toMatchObject({ code: 'channel.chunk_size' })
  expect(reads).toBe(1)
})

test('lengths in any form of varint are read', async () => {
  const [first, ...rest] = chunks
  const longer = concat(Uint8Array.of(0xc0, 0, 0, 0, 0, 0, 0, (first?.length ?? 0) - 1), first?.slice(1) ?? nonce)
  expect(await open(concat(nonce, longer, ...rest))).toEqual({ released: [...texts, ''], end: 'ended' })
})

test('a long answer that arrives byte by byte takes time in proportion to its length', async () => {
  const { body } = await respond([...Array.from({ length: 16 }, () => pattern(16_384)), new Uint8Array()])
  const started = performance.now()
  expect((await open(body, [1])).end).toBe('ended')
  expect(performance.now() - started).toBeLessThan(10_000)
})

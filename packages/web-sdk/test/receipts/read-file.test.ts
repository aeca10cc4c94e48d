import { describe, expect, test } from 'vitest'
import { utf8 } from '../../src/bytes.js'
import { encodeBase64url } from '../../src/receipts/base64.js'
import { readReceiptFile } from '../../src/receipts/read-file.js'
import { pattern } from '../support/bytes.js'

const record = {
  type: 'blindllama/receipt',
  version: 1,
  audience: 'https://service.example',
  policy: '{"version":1,"audience":"gr\\u00f6\\"ße"}',
  nonce: encodeBase64url(pattern(32)),
  evidence: encodeBase64url(pattern(100)),
  verifiedAtMs: 1_790_000_000_000,
}
const exchange = {
  salt: encodeBase64url(pattern(32)),
  request: encodeBase64url(pattern(5)),
  response: encodeBase64url(pattern(6)),
  signature: encodeBase64url(pattern(64)),
}
const digests = { requestDigest: exchange.salt, responseDigest: exchange.salt, signature: exchange.signature }

function refusal(file: string | Uint8Array): string | undefined {
  try {
    readReceiptFile(file)
    return undefined
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

describe('a receipt file is read', () => {
  test('as a record, whatever its layout and as text or bytes', () => {
    for (const text of [
      JSON.stringify(record),
      JSON.stringify(record, undefined, 2),
      ` \n${JSON.stringify(record)}\t\r\n`,
    ])
      for (const file of [text, utf8(text)]) {
        const read = readReceiptFile(file)
        expect(read).toMatchObject({ verifiedAtMs: 1_790_000_000_000, exchange: undefined, staticPart: undefined })
        expect(read.policy).toEqual(utf8(record.policy))
        expect(read.evidence).toEqual(pattern(100))
      }
  })

  test('with texts, with digests, with a model and with the static part', () => {
    const full = readReceiptFile(JSON.stringify({ ...record, static: exchange.salt, exchange }))
    expect(full.staticPart).toEqual(pattern(32))
    expect(full.exchange).toEqual({
      salt: pattern(32),
      request: pattern(5),
      response: pattern(6),
      modelDigest: new Uint8Array(),
      signature: pattern(64),
    })
    const brief = readReceiptFile(JSON.stringify({ ...record, exchange: { ...digests, modelDigest: exchange.salt } }))
    expect(brief.exchange).toMatchObject({ salt: undefined, request: pattern(32), modelDigest: pattern(32) })
  })

  test('in time that its length explains, up to the greatest', () => {
    const long = 'A'.repeat(60_000_000)
    const read = readReceiptFile(JSON.stringify({ ...record, exchange: { ...exchange, response: long } }))
    expect(read.exchange?.response.length).toBe(45_000_000)
  })
})

describe('a receipt file is refused', () => {
  const text = JSON.stringify({ ...record, exchange })

  test('at every truncation', () => {
    for (let length = 0; length < text.length; length += 1)
      expect(refusal(text.slice(0, length)), text.slice(0, length)).toBe('receipt.syntax')
  })

  test.each<[string, string]>([
    ['text behind it', `${text}x`],
    ['another object behind it', `${text}{}`],
    ['an array', `[${text}]`],
    ['a repeated member', text.replace('"version":1,', '"version":1,"version":1,')],
    ['a member repeated in other letters', text.replace('"version":1,', '"version":1,"\\u0076ersion":1,')],
    ['an unknown member', text.replace('"version":1,', '"version":1,"extra":1,')],
    ['an unknown member of the exchange', text.replace('"salt"', '"extra":1,"salt"')],
    ['another type', text.replace('blindllama/receipt', 'blindllama/receipts')],
    ['another version', text.replace('"version":1', '"version":2')],
    ['a fraction', text.replace('"version":1', '"version":1.0')],
    ['an exponent', text.replace('"version":1', '"version":1e0')],
    ['a leading zero', text.replace('"version":1', '"version":01')],
    ['a number beyond the safe ones', text.replace('1790000000000', '9007199254740993')],
    ['null', text.replace('"version":1', '"version":null')],
    ['a comment', text.replace('"version"', '/* */"version"')],
    ['a trailing comma', text.replace(/\}\}$/, '},}')],
    ['a byte order mark', `\uFEFF${text}`],
    ['a line break in a string', text.replace('https://service', 'https:\n//service')],
    ['padding', text.replace(exchange.salt, `${exchange.salt}=`)],
    ['spare bits', text.replace(exchange.request, `${exchange.request.slice(0, -1)}F`)],
    ['the other alphabet', text.replace(exchange.request, 'AA+/AA')],
    ['blanks in bytes', text.replace(exchange.request, 'AA AA')],
    ['a salt that is too short', text.replace(exchange.salt, exchange.salt.slice(0, -4))],
    ['text without its salt', JSON.stringify({ ...record, exchange: { ...exchange, salt: undefined } })],
    ['digests beside texts', JSON.stringify({ ...record, exchange: { ...exchange, ...digests } })],
    ['deep nesting', JSON.stringify({ ...record, exchange: { ...exchange, deep: { deeper: {} } } })],
    ['a number in place of a string', text.replace('"https://service.example"', '7')],
    ['a string in place of an object', JSON.stringify({ ...record, exchange: 'none' })],
  ])('for %s', (_, file) => {
    expect(refusal(file)).toBe('receipt.syntax')
  })

  test('for bytes that are not UTF-8', () => {
    expect(refusal(Uint8Array.of(0x7b, 0xff, 0x7d))).toBe('receipt.syntax')
  })

  test('for more than 256 MiB, before it is read', () => {
    expect(refusal(new Uint8Array(256 * 1024 * 1024 + 1))).toBe('receipt.size')
  })
})

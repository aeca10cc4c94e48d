import { afterAll, expect, test } from 'vitest'
import { encodeHead, encodeTail } from '../../src/bhttp/encode-request.js'
import { isValidField } from '../../src/bhttp/fields.js'
import { concat, hex } from '../../src/bytes.js'
import { pattern } from '../support/bytes.js'
import { Peer } from '../support/peer.js'

const peer = new Peer()
afterAll(() => peer.close())

test('encodes the example of RFC 9292 §5.1 byte for byte', () => {
  const fields = [
    ['user-agent', 'curl/7.16.3 libcurl/7.16.3 OpenSSL/0.9.7l zlib/1.2.3'],
    ['host', 'www.example.com'],
    ['accept-language', 'en, mi'],
  ] as const
  const head = encodeHead({ method: 'GET', scheme: 'https', authority: '', path: '/hello.txt', fields }, 0)
  expect(hex(concat(head, encodeTail()))).toBe(
    '0003474554056874747073000a2f68656c6c6f2e747874406c0a757365722d6167656e74346375726c2f372e31362e33206c69626375726c2f37' +
      '2e31362e33204f70656e53534c2f302e392e376c207a6c69622f312e322e3304686f73740f7777772e6578616d706c652e636f6d0f6163636570' +
      '742d6c616e677561676506656e2c206d690000',
  )
})

test.each([0, 1, 63, 64, 20_000])('an independent decoder reads a request with %i bytes of content', async (length) => {
  const content = pattern(length)
  const fields = [['content-type', 'text/plain;charset=UTF-8'] as const, ['x-name', 'Zoë'] as const]
  const head = encodeHead(
    { method: 'POST', scheme: 'https', authority: 'ohttp.invalid', path: '/v1/x', fields },
    length,
  )
  const message = await peer.decode(concat(head, content, encodeTail(7)))
  expect(message.control).toEqual({ method: 'POST', scheme: 'https', authority: 'ohttp.invalid', path: '/v1/x' })
  expect(message.fields.map(([name]) => name)).toEqual(['content-type', 'x-name'])
  expect(message.content).toEqual(content)
  expect(message.trailers).toEqual([])
})

test.each([
  ['a space in the name', 'a b', 'x'],
  ['an upper-case name', 'Accept', 'x'],
  ['a pseudo-field', ':path', '/'],
  ['an empty name', '', 'x'],
  ['CR', 'a', 'x\ry'],
  ['LF', 'a', 'x\ny'],
  ['NUL', 'a', 'x\0y'],
  ['a character that is no byte', 'a', 'Ā'],
])('does not take a field with %s', (_, name, value) => {
  expect(isValidField([name, value])).toBe(false)
})

import { describe, expect, test } from 'vitest'
import { concat, u16 } from '../../src/bytes.js'
import { parseKeyConfig } from '../../src/ohttp/key-config.js'
import { RequestKey } from '../../src/ohttp/request-key.js'
import { pattern } from '../support/bytes.js'
import { aes128, aes256 } from '../support/channel-keys.js'

const config = concat(Uint8Array.of(9), u16(0x20), pattern(32), u16(8), u16(1), u16(1), u16(1), u16(3))

test('reads a key configuration of RFC 9458 §3.1', () => {
  expect(parseKeyConfig(config)).toEqual({
    keyId: 9,
    kemId: 0x20,
    publicKey: pattern(32),
    symmetric: [
      { kdfId: 1, aeadId: 1 },
      { kdfId: 1, aeadId: 3 },
    ],
  })
})

describe('refuses', () => {
  test('every truncation', () => {
    for (let length = 0; length < config.length; length += 1)
      expect(() => parseKeyConfig(config.slice(0, length))).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^channel\.(encoding|suite)$/) }),
      )
  })

  test.each([
    ['a byte behind it', concat(config, pattern(1)), 'channel.encoding'],
    ['no symmetric suite', concat(config.slice(0, 35), u16(0)), 'channel.encoding'],
    ['half a symmetric suite', concat(config.slice(0, 35), u16(2), u16(1)), 'channel.encoding'],
    ['an unknown KEM', concat(Uint8Array.of(9), u16(0x10), config.slice(3)), 'channel.suite'],
  ])('%s', (_, bytes, code) => {
    expect(() => parseKeyConfig(bytes)).toThrow(expect.objectContaining({ code }))
  })

  test('a suite that the configuration does not offer, or the engine does not have', async () => {
    const parsed = parseKeyConfig(config)
    await expect(RequestKey.import(parsed, aes256)).rejects.toMatchObject({ code: 'channel.suite' })
    await expect(RequestKey.import(parsed, { kdfId: 1, aeadId: 3 })).rejects.toMatchObject({ code: 'channel.suite' })
  })

  test('a public key of low order, with one error whatever the engine says', async () => {
    const zero = concat(Uint8Array.of(9), u16(0x20), new Uint8Array(32), u16(4), u16(1), u16(1))
    const setup = RequestKey.import(parseKeyConfig(zero), aes128).then(async (key) => key.setup())
    await expect(setup).rejects.toMatchObject({ code: 'channel.key' })
  })
})

import { describe, expect, test } from 'vitest'
import { type Bytes, concat, u16 } from '../../src/bytes.js'
import { pattern } from '../support/bytes.js'
import { aes128, requestKeyOf } from '../support/channel-keys.js'

function config(kemId: number, publicKey: Bytes): Bytes {
  return concat(Uint8Array.of(9), u16(kemId), publicKey, u16(4), u16(1), u16(1))
}

describe('refuses', () => {
  test.each([
    ['a KEM that the engine does not have', config(0x647a, pattern(1216)), aes128],
    ['a KDF that the engine does not have', config(0x20, pattern(32)), { kdfId: 2, aeadId: 1 }],
    ['an AEAD that the engine does not have', config(0x20, pattern(32)), { kdfId: 1, aeadId: 3 }],
  ])('%s', async (_, bytes, chosen) => {
    await expect(requestKeyOf(bytes, chosen)).rejects.toMatchObject({ code: 'channel.suite' })
  })

  test('a public key of low order, with one error whatever the engine says', async () => {
    const setup = requestKeyOf(config(0x20, new Uint8Array(32))).then(async (key) => key.setup())
    await expect(setup).rejects.toMatchObject({ code: 'channel.key' })
  })
})

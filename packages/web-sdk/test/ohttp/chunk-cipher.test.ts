import { createDecipheriv } from 'node:crypto'
import { expect, test } from 'vitest'
import { fromHex, utf8 } from '../../src/bytes.js'
import { ChunkCipher } from '../../src/ohttp/chunk-cipher.js'

const key = fromHex('000102030405060708090a0b0c0d0e0f')
/** Its last four bytes are all ones: a counter that is added in place of xored would carry. */
const baseNonce = fromHex('a0a1a2a3a4a5a6a7ffffffff')
const plaintext = utf8('the same words in every chunk')

/** RFC 9180 §5.2: the base nonce xor I2OSP(index, Nn), written without the code under test. */
function nonceOf(index: number): Buffer {
  const base = BigInt(`0x${Buffer.from(baseNonce).toString('hex')}`)
  return Buffer.from((base ^ BigInt(index)).toString(16).padStart(24, '0'), 'hex')
}

function decrypt(sealed: Uint8Array, index: number, final: boolean): string {
  const decipher = createDecipheriv('aes-128-gcm', key, nonceOf(index))
  if (final) decipher.setAAD(Buffer.from('final'))
  decipher.setAuthTag(sealed.subarray(-16))
  return decipher.update(sealed.subarray(0, -16), undefined, 'utf8') + decipher.final('utf8')
}

// The bytes of the counter, one after the other, up to the end of what it counts.
test.each([0, 1, 255, 256, 4095, 4096, 4097, 65_535, 65_536, 16_777_216, 0x7fffffff, 0x80000000, 0xffffffff])(
  'chunk %i is sealed under a nonce of its own',
  async (index) => {
    const cipher = await ChunkCipher.import(key, baseNonce, 'encrypt')
    expect(decrypt(await cipher.seal(index, plaintext, false), index, false)).toBe('the same words in every chunk')
    expect(decrypt(await cipher.seal(index, plaintext, true), index, true)).toBe('the same words in every chunk')
  },
)

test('no nonce repeats over more chunks than any request has', async () => {
  const nonces = new Set<string>()
  const encrypt = crypto.subtle.encrypt.bind(crypto.subtle)
  const cipher = await ChunkCipher.import(key, baseNonce, 'encrypt')
  crypto.subtle.encrypt = async (parameters, ...rest) => {
    nonces.add(Buffer.from((parameters as AesGcmParams).iv as Uint8Array).toString('hex'))
    return encrypt(parameters, ...rest)
  }
  try {
    for (let index = 0; index < 10_000; index += 1) await cipher.seal(index, plaintext.slice(0, 1), false)
  } finally {
    crypto.subtle.encrypt = encrypt
  }
  expect(nonces.size).toBe(10_000)
})

test('a chunk beyond the counter is refused: its nonce would be that of the first', async () => {
  const cipher = await ChunkCipher.import(key, baseNonce, 'encrypt')
  await expect(cipher.seal(0x1_0000_0000, plaintext, false)).rejects.toThrow(RangeError)
})

import { expect, test } from 'vitest'
import { fromHex, hex } from '../../src/bytes.js'
import { expand, extract } from '../../src/ohttp/hkdf.js'

const ikm = fromHex('0b'.repeat(22))

test('RFC 5869, appendix A.1', async () => {
  const prk = await extract(fromHex('000102030405060708090a0b0c'), ikm)
  expect(hex(prk)).toBe('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5')
  const info = fromHex('f0f1f2f3f4f5f6f7f8f9')
  const block = '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf'
  expect(hex(await expand(prk, info, 32))).toBe(block)
  expect(hex(await expand(prk, info, 12))).toBe(block.slice(0, 24))
})

test('RFC 5869, appendix A.3: without a salt', async () => {
  const prk = await extract(new Uint8Array(), ikm)
  expect(hex(prk)).toBe('19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04')
})

test('more than one block is refused, and never cut short', async () => {
  await expect(expand(new Uint8Array(32), new Uint8Array(), 33)).rejects.toThrow(RangeError)
})

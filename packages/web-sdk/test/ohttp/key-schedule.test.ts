import { expect, test } from 'vitest'
import { fromHex, hex } from '../../src/bytes.js'
import { keySchedule } from '../../src/ohttp/key-schedule.js'

test('the key schedule of RFC 9180, appendix A.1.1', async () => {
  const schedule = await keySchedule([0x0020, 0x0001, 0x0001], fromHex('4f6465206f6e2061204772656369616e2055726e'))
  const { key, baseNonce, exportSecret } = await schedule(
    fromHex('fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc'),
  )
  expect(hex(key)).toBe('4531685d41d65f03dc48f6b8302c05b0')
  expect(hex(baseNonce)).toBe('56d890e5accaaf011cff4b7d')
  const exported = [
    ['', '3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee'],
    ['00', '2e8f0b54673c7029649d4eb9d5e33bf1872cf76d623ff164ac185da9e88c21a5'],
    ['54657374436f6e74657874', 'e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931'],
  ] as const
  for (const [context, value] of exported) expect(hex(await exportSecret(fromHex(context), 32))).toBe(value)
})

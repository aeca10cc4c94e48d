import { expect, it } from 'vitest'
import { makeCredential } from '../src/enrol/credential.js'
import { kdfa, kdfe } from '../src/enrol/kdf.js'

// Computed with hmac and hashlib of Python and with its package `cryptography` from the formulas of TPM 2.0 Part 1. That a TPM agrees,
// services/staging/test/enrolment.test.ts shows.
const repeated = (byte: number, length: number): Buffer => Buffer.alloc(length, byte)
const hex = (text: string): Buffer => Buffer.from(text, 'hex')
const none = Buffer.alloc(0)

it('derives what KDFa of SP 800-108 gives', () => {
  const key = repeated(0x0b, 32)
  const [u, v] = [repeated(1, 16), repeated(2, 16)]
  expect(kdfa('sha256', key, 'ATH', u, v, 256).toString('hex')).toBe(
    '63591fea5c8a26cee98e509a3cd1ba3b4e3c079f7014fc56e5805175d15e292b',
  )
  expect(kdfa('sha256', key, 'CFB', u, v, 128).toString('hex')).toBe('102d8c3954fd6f1e1decad8fa4cc2180')
  expect(kdfa('sha384', key, 'STORAGE', u, none, 512).toString('hex')).toBe(
    'f1a52186313dc5045e44e2beb52d1a6d21fc6c00d32cf03f1620f9e7689e877e69a73c39d1ac29fc2f04ef831f3913feaf049cbbecf6510cce6eac1ffac83099',
  )
})

it('derives what KDFe of SP 800-56A gives', () => {
  expect(kdfe('sha256', repeated(0x0c, 32), 'IDENTITY', repeated(3, 32), repeated(4, 32), 256).toString('hex')).toBe(
    'a2385ab2ac50dc367c5e4ce1ad4c370f52b5266ba9907a7e305af967d7c82a83',
  )
  expect(kdfe('sha384', repeated(0x0c, 48), 'IDENTITY', repeated(3, 48), repeated(4, 48), 768).toString('hex')).toBe(
    '80150e6423406c707937e0078f167476357dc1672d44dca0e569d77e6c2766ad6f39272088b1999f4d9bb2a79bde73b3bb1edc7a42cb680079ce6c5bc26f7a289c9f846aba3798f99fba7a786ed004cfed15d7709b42f0c0278bfce47bb3b4b9',
  )
})

const name = hex(`000b${'ab'.repeat(32)}`)
const value = Buffer.from(Array.from({ length: 32 }, (_, index) => index))
const scalar = hex('0fedcba987654321')

it.each([
  [
    'ecc-p256' as const,
    '9fad84aeae08bbef7f010014d82cef6a09de2b0cf871b5ce0c4f1d13a59a5934',
    '07cb45769f1070e2c2470fe5b1bfe63133c0b0cdc64ea4bf3791a8ec2a07fd4f',
    '00202a5af294517ada71c2a43a6f17e9195bad0be47324db30d21e8874859bbbc13847e9899bcba02f8cecc959807219dc5376d2e13947f82da58e0cccf45e3e3bb6c24b',
    '002053c5a47b0f3273d7333320d3dc363b241a99928781b9d8827d9660a01dcdf9e900208024c87efd5c1388f0a6c3d274467f4824d89218ce12550c298f6a9b393efe20',
  ],
  [
    'ecc-p384' as const,
    'fbf96095915eb587390f850ec95b35f618ae121c72a70808ad8f9f4c261b602b63541743e395f7c778e52bb28c18dc83',
    '016a6ff3f72c9368326ad50a3bd148a53cd2213bb480e4730ad019db87ae100995ec65df011e19811a15dc9ddfc9ab3c',
    '0030c5ee00e9649b6fe443b17aaff4d37d4d1c5712be42b778fb8a22579fe5585bb49c97ef6d9ea64be85f806c3ea3327aa29cdf36f1db09b4c6adc454bd33f84a2ecbef5ea24e180f6372763e97d1980773f15b',
    '0030fda859f82bfaaa0596e6bbe14024460e3c2e19c03abb26bd9a93a5a461ccd76b5f4f718b51658e3914225cd0605315230030015fd8ee541c0f14551a5629f9b5c17803cecf3be3d33e29d6167eb8bab4d7dcbae0876ac77cb467fd20edb046f6ae0d',
  ],
])('makes a credential for %s, byte for byte', (template, x, y, credential, secret) => {
  const made = makeCredential(template, [hex(x), hex(y)], name, { value, seed: scalar })
  expect(made.credential.toString('hex')).toBe(credential)
  expect(made.secret.toString('hex')).toBe(secret)
})

it('refuses a point that is not on the curve, which would tell about the ephemeral key', () => {
  expect(() => makeCredential('ecc-p256', [repeated(1, 32), repeated(2, 32)], name)).toThrow()
})

it('draws value and seed anew for each credential', () => {
  const point = [
    hex('9fad84aeae08bbef7f010014d82cef6a09de2b0cf871b5ce0c4f1d13a59a5934'),
    hex('07cb45769f1070e2c2470fe5b1bfe63133c0b0cdc64ea4bf3791a8ec2a07fd4f'),
  ]
  const [one, other] = [makeCredential('ecc-p256', point, name), makeCredential('ecc-p256', point, name)]
  expect(one.value).toHaveLength(32)
  expect(one.value).not.toEqual(other.value)
  expect(one.secret).not.toEqual(other.secret)
})

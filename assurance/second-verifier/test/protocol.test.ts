import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { expectedExtraData, nonceRoot } from '../src/binding.ts'
import { fromHex, toHex, utf8 } from '../src/bytes.ts'
import { sha256 } from '../src/crypto.ts'
import { isEd25519Key, verifyEd25519 } from '../src/ed25519.ts'
import { type KeySet, keySetId } from '../src/release/key-set.ts'
import { documentType, preAuthentication } from '../src/release/signed.ts'
import { hasRocaFingerprint } from '../src/rsa.ts'

const pages = new URL('../../../spec/protocol/', import.meta.url)
const protocol = readdirSync(pages)
  .map((name) => readFileSync(new URL(name, pages), 'utf8'))
  .join('\n')

/** RFC 8032 §7.1, TEST 1. */
const keyOfTest1 = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'

/** What PROTOCOL.md says of a name in a worked example, without line breaks. */
function stated(name: string): string | undefined {
  const [, value] = protocol.split(`\n${name}`)[1]?.match(/^ *= ([^\n]+(?:\n {4,}[^\n]+)*)/) ?? []
  return value?.replaceAll(/\n */g, '')
}

/** 32 bytes, each one more than that before it. */
function counting(first: number): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => first + index)
}

describe('the worked examples of PROTOCOL.md', () => {
  it('come out for the binding of the quote', async () => {
    const claims = fromHex('a0')
    const root = await nonceRoot(counting(0), 1n, [counting(0x20)])
    const extraData = await expectedExtraData(root, claims)
    expect(stated('root')).toBe(toHex(root))
    expect(stated('H(claims)')).toBe(toHex(await sha256(claims)))
    expect(protocol).toContain(`extraData = ${toHex(extraData)}`)
  })

  it('come out for the id of a key set and the encoding that is signed', async () => {
    const set: KeySet = {
      keys: [
        { key: fromHex(keyOfTest1), role: 'developer' },
        { key: fromHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c'), role: 'auditor' },
      ],
      threshold: new Map([
        ['developer', 1],
        ['auditor', 1],
      ]),
      notAfter: undefined,
    }
    expect(protocol).toContain(`key-set-id  = ${toHex(await keySetId(set))}`)
    const ending = await keySetId({ ...set, notAfter: 1_820_000_000_000 })
    expect(protocol).toContain(toHex(ending))
    const encoded = new TextDecoder().decode(preAuthentication(documentType.manifest, utf8('{}')))
    expect(stated('PAE(manifest, "{}")')).toBe(encoded)
  })
})

describe('what WebCrypto leaves open', () => {
  /** The empty message. */
  const key = fromHex(keyOfTest1)
  const signature = fromHex(
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  )

  it('an Ed25519 signature verifies, and not over another message', async () => {
    expect(await verifyEd25519(key, signature, new Uint8Array())).toBe(true)
    expect(await verifyEd25519(key, signature, Uint8Array.of(0))).toBe(false)
  })

  it('an S of at least the order of the group is refused: it would be a second signature', async () => {
    const order = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
    const twice = signature.slice()
    let carry = 0
    for (let index = 0; index < 32; index += 1) {
      const sum = (signature[32 + index] as number) + (order[index] as number) + carry
      twice[32 + index] = sum & 0xff
      carry = sum >> 8
    }
    expect(await verifyEd25519(key, twice, new Uint8Array())).toBe(false)
  })

  it.each([
    ['the neutral element', '0100000000000000000000000000000000000000000000000000000000000000'],
    ['the point of order 2', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['a point of order 8', 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'],
    ['y = p, which is 0 written otherwise', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
    ['x = 0 with the sign of -0', '0100000000000000000000000000000000000000000000000000000000000080'],
    ['no point at all', '0200000000000000000000000000000000000000000000000000000000000000'],
  ])('%s is no Ed25519 key', (_, encoded) => expect(isEd25519Key(fromHex(encoded))).toBe(false))

  it('a modulus with the fingerprint of CVE-2017-15361 is told from another', () => {
    expect(hasRocaFingerprint(65537n ** 128n)).toBe(true)
    expect(hasRocaFingerprint(65537n ** 128n + 2n)).toBe(false)
  })
})

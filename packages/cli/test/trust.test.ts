import { generateKeyPairSync } from 'node:crypto'
import { expect, it } from 'vitest'
import { type Envelope, signed, unsigned } from '../src/release/envelope.js'
import { keySetIn, publicHex } from '../src/release/keys.js'
import { assertSigned, countRoles } from '../src/release/trust.js'

const [one, two] = [generateKeyPairSync('ed25519').privateKey, generateKeyPairSync('ed25519').privateKey]
const set = {
  keys: [
    { key: publicHex(one), role: 'developer' },
    { key: publicHex(two), role: 'auditor' },
  ],
  threshold: { developer: 1, auditor: 1 },
}
const document = unsigned('release', { name: 'chat' })

const counted = (envelope: Envelope): number[] => countRoles(envelope, set).map((role) => role.signed)
const demand = (envelope: Envelope) => (): void => assertSigned('file', envelope, set)

it('counts a key once, and only where its signature is one over this very document', () => {
  expect(counted(document)).toEqual([0, 0])
  expect(counted(signed(document, one))).toEqual([1, 0])
  const twice = signed(document, one)
  expect(counted({ ...twice, signatures: [...twice.signatures, ...twice.signatures] })).toEqual([1, 0])
  const elsewhere = signed(unsigned('release', { name: 'other' }), two)
  expect(counted({ ...twice, signatures: [...twice.signatures, ...elsewhere.signatures] })).toEqual([1, 0])
  const asStatus = signed({ ...document, kind: 'status' }, two)
  expect(counted({ ...twice, signatures: [...twice.signatures, ...asStatus.signatures] })).toEqual([1, 0])
  expect(counted(signed(twice, two))).toEqual([1, 1])
})

it('names what is missing, role by role', () => {
  expect(demand(signed(document, one))).toThrow(/demands: auditor \(0 of 1\)\./)
  expect(demand(document)).toThrow(/demands: developer \(0 of 1\), auditor \(0 of 1\)\./)
  expect(demand(signed(signed(document, one), two))).not.toThrow()
})

it('takes for a set of keys only distinct keys, with a threshold for each role that its keys can meet', () => {
  const [developer, auditor] = set.keys
  expect(keySetIn({ ...set })).toEqual(set)
  for (const broken of [
    {},
    { ...set, keys: [developer, { ...developer, role: 'auditor' }] },
    { ...set, keys: [developer] },
    { ...set, keys: [developer, { ...auditor, role: 'other' }] },
    { ...set, keys: [developer, { ...auditor, key: 'ab' }] },
    { ...set, keys: [developer, null] },
    { ...set, threshold: {} },
    { ...set, threshold: { developer: 2, auditor: 1 } },
    { ...set, threshold: { developer: 0, auditor: 1 } },
    { ...set, threshold: { developer: 1.5, auditor: 1 } },
  ])
    expect(keySetIn(broken), JSON.stringify(broken)).toBeUndefined()
})

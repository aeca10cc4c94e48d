import type { Hash } from '../crypto.ts'

/** TPM_ALG_ID, TCG Algorithm Registry §6.4; those that structures of this protocol may name. */
export const algorithm = {
  rsa: 0x0001,
  sha1: 0x0004,
  hmac: 0x0005,
  keyedHash: 0x0008,
  sha256: 0x000b,
  sha384: 0x000c,
  sha512: 0x000d,
  null: 0x0010,
  rsassa: 0x0014,
  rsaes: 0x0015,
  rsapss: 0x0016,
  oaep: 0x0017,
  ecdsa: 0x0018,
  ecdh: 0x0019,
  ecdaa: 0x001a,
  sm2: 0x001b,
  ecschnorr: 0x001c,
  ecmqv: 0x001d,
  ecc: 0x0023,
} as const

/** The hashes that an attestation key may be bound to, PROTOCOL.md §6. */
const hashes: ReadonlyMap<number, Hash> = new Map<number, Hash>([
  [algorithm.sha256, 'SHA-256'],
  [algorithm.sha384, 'SHA-384'],
  [algorithm.sha512, 'SHA-512'],
])

export function hashOfAlgorithm(id: number): Hash | undefined {
  return hashes.get(id)
}

/** A bank of PCRs that can be quoted, PROTOCOL.md §3. */
export interface Bank {
  readonly name: 'sha256' | 'sha384'
  readonly algorithm: number
  readonly hash: Hash
}

const banks: readonly Bank[] = [
  { name: 'sha256', algorithm: algorithm.sha256, hash: 'SHA-256' },
  { name: 'sha384', algorithm: algorithm.sha384, hash: 'SHA-384' },
]

export function bankOfAlgorithm(id: number): Bank | undefined {
  return banks.find((bank) => bank.algorithm === id)
}

export function bankOfName(name: string): Bank | undefined {
  return banks.find((bank) => bank.name === name)
}

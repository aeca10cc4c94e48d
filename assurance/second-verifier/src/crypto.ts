import { Crypto } from '@peculiar/webcrypto'
import type { Bytes } from './bytes.ts'

/** All arithmetic of this verifier is done here: neither Node's own `crypto.subtle` nor the Rust crates decide anything. */
export const webcrypto: Crypto = new Crypto()

export type Hash = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'

export const digestLength: Readonly<Record<Hash, number>> = { 'SHA-1': 20, 'SHA-256': 32, 'SHA-384': 48, 'SHA-512': 64 }

export async function digest(hash: Hash, data: Uint8Array): Promise<Bytes> {
  return new Uint8Array(await webcrypto.subtle.digest(hash, data as Bytes))
}

export async function sha256(data: Uint8Array): Promise<Bytes> {
  return digest('SHA-256', data)
}

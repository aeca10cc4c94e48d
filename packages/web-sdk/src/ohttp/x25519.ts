import { type Bytes, concat, u16, utf8 } from '../bytes.js'
import { hashLength, labeledExpand, labeledExtract } from './hkdf.js'
import type { Kem } from './kem.js'
import { KEM_X25519_SHA256 } from './suite.js'

/** What X25519 gives with a fresh key of this side, RFC 7748 §6.1. */
export interface KeyAgreement {
  secret: Bytes
  /** The fresh public key. */
  enc: Bytes
}

/** Reads a public key. Each call of what it returns agrees with that key by a fresh one. */
export async function agreementWith(publicKey: Bytes): Promise<() => Promise<KeyAgreement>> {
  const { subtle } = crypto
  const peer = await subtle.importKey('raw', publicKey, 'X25519', false, [])
  return async () => {
    const own = (await subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair
    return {
      // WebCrypto refuses a secret of zeros, which a public key of low order leads to.
      secret: new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: peer }, own.privateKey, 256)),
      enc: new Uint8Array(await subtle.exportKey('raw', own.publicKey)),
    }
  }
}

/** The sender's side of DHKEM(X25519, HKDF-SHA256), RFC 9180 §4.1. HPKE libraries bring the receiver's side with it. */
export const x25519: Kem = {
  id: KEM_X25519_SHA256,
  async encapsulateTo(publicKey) {
    const agree = await agreementWith(publicKey)
    const suiteId = concat(utf8('KEM'), u16(KEM_X25519_SHA256))
    return async () => {
      const { secret, enc } = await agree()
      const prk = await labeledExtract(suiteId, new Uint8Array(), 'eae_prk', secret)
      const context = concat(enc, publicKey)
      return { enc, sharedSecret: await labeledExpand(suiteId, prk, 'shared_secret', context, hashLength) }
    }
  },
}

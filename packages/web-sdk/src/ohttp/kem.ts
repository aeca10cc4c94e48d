import type { KEM } from 'hpke'
import type { Bytes } from '../bytes.js'

/** What encapsulation gives, RFC 9180 §4. */
export interface Encapsulated {
  sharedSecret: Uint8Array
  enc: Uint8Array
}

/** The sender's side of a KEM, RFC 9180 §4. */
export interface Kem {
  /** Its code point, RFC 9180 §7.1. */
  readonly id: number
  /**
   * Reads a public key.
   *
   * @returns Encap to that key: each call gives a fresh secret
   */
  encapsulateTo: (publicKey: Bytes) => Promise<() => Promise<Encapsulated>>
}

/** The sender's side of a KEM in the form of the package `hpke`. */
export function senderOf(kem: Readonly<KEM>): Kem {
  return {
    id: kem.id,
    async encapsulateTo(publicKey) {
      const key = await kem.DeserializePublicKey(publicKey)
      return async () => {
        const { shared_secret: sharedSecret, enc } = await kem.Encap(key)
        return { sharedSecret, enc }
      }
    },
  }
}

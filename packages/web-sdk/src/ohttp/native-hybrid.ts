import { type Bytes, concat } from '../bytes.js'
import type { Encapsulated, Kem } from './kem.js'
import { KEM_MLKEM768_X25519 } from './suite.js'

/** Of an encapsulation key of ML-KEM-768, FIPS 203 §8; that of X25519 follows. */
const mlKemKeyLength = 1184
const label = Uint8Array.of(0x5c, 0x2e, 0x2f, 0x2f, 0x5e, 0x5c)

/** What WebCrypto has for KEMs, https://wicg.github.io/webcrypto-modern-algos/ */
interface KemSubtle {
  importKey: (...parameters: unknown[]) => Promise<CryptoKey>
  encapsulateBits: (name: string, key: CryptoKey) => Promise<{ sharedKey: ArrayBuffer; ciphertext: ArrayBuffer }>
}

async function encapsulation(name: string, publicKey: Bytes): Promise<() => Promise<Encapsulated>> {
  const subtle = crypto.subtle as SubtleCrypto & KemSubtle
  const key = await subtle.importKey('raw-public', publicKey, name, false, ['encapsulateBits'])
  return async () => {
    const { sharedKey, ciphertext } = await subtle.encapsulateBits(name, key)
    return { sharedSecret: new Uint8Array(sharedKey), enc: new Uint8Array(ciphertext) }
  }
}

/** MLKEM768-X25519 by engines that have it as one algorithm, as Chromium. */
const whole: Kem = {
  id: KEM_MLKEM768_X25519,
  encapsulateTo: (publicKey) => encapsulation('MLKEM768-X25519', publicKey),
}

/**
 * MLKEM768-X25519 by engines that have what it is made of, as Node.js. It is X-Wing (draft-connolly-cfrg-xwing-kem §5.3, §5.4),
 * to which draft-ietf-hpke-pq gives the code point; HPKE libraries bring both its sides in many times the size.
 */
const composed: Kem = {
  id: KEM_MLKEM768_X25519,
  async encapsulateTo(publicKey) {
    const { subtle } = crypto
    const encapsulateMlKem = await encapsulation('ML-KEM-768', publicKey.slice(0, mlKemKeyLength))
    const x25519Bytes = publicKey.slice(mlKemKeyLength)
    const x25519Key = await subtle.importKey('raw', x25519Bytes, 'X25519', false, [])
    return async () => {
      const mlKem = await encapsulateMlKem()
      const ephemeral = (await subtle.generateKey('X25519', false, ['deriveBits'])) as CryptoKeyPair
      const x25519Ciphertext = new Uint8Array(await subtle.exportKey('raw', ephemeral.publicKey))
      const agreement = { name: 'X25519', public: x25519Key }
      const x25519Secret = new Uint8Array(await subtle.deriveBits(agreement, ephemeral.privateKey, 256))
      const secrets = concat(mlKem.sharedSecret, x25519Secret, x25519Ciphertext, x25519Bytes, label)
      return {
        sharedSecret: new Uint8Array(await subtle.digest('SHA3-256', secrets)),
        enc: concat(mlKem.enc, x25519Ciphertext),
      }
    }
  },
}

/** In the order in which they are tried. */
export const nativeHybrids: readonly Kem[] = [whole, composed]

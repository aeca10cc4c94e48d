import { type Bytes, concat } from '../bytes.js'
import type { Encapsulated, Kem } from './kem.js'
import { KEM_MLKEM768_X25519 } from './suite.js'
import { agreementWith } from './x25519.js'

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
 * to which draft-ietf-hpke-pq-04 gives the code point; HPKE libraries bring both its sides in many times the size.
 */
const composed: Kem = {
  id: KEM_MLKEM768_X25519,
  async encapsulateTo(publicKey) {
    const encapsulateMlKem = await encapsulation('ML-KEM-768', publicKey.slice(0, mlKemKeyLength))
    const x25519Bytes = publicKey.slice(mlKemKeyLength)
    const agree = await agreementWith(x25519Bytes)
    return async () => {
      const mlKem = await encapsulateMlKem()
      const { secret, enc } = await agree()
      const secrets = concat(mlKem.sharedSecret, secret, enc, x25519Bytes, label)
      return {
        sharedSecret: new Uint8Array(await crypto.subtle.digest('SHA3-256', secrets)),
        enc: concat(mlKem.enc, enc),
      }
    }
  },
}

/** In the order in which they are tried. */
export const nativeHybrids: readonly Kem[] = [whole, composed]

import { vi } from 'vitest'
import { type Bytes, fromHex } from '../../src/bytes.js'
import type { Kem } from '../../src/ohttp/kem.js'
import { RequestKey } from '../../src/ohttp/request-key.js'
import { x25519 } from '../../src/ohttp/x25519.js'
import { parseKeyConfig } from './key-config.js'

/** A private key in PKCS #8, RFC 8410 §7. */
const pkcs8Prefix = fromHex('302e020100300506032b656e04220420')

/** X25519 that makes the same "fresh" key pair every time: to seal published vectors again. */
export function fixedEphemeral(privateKey: Bytes): Kem {
  const { subtle } = crypto
  async function fixed(): Promise<CryptoKeyPair> {
    const pkcs8 = join(pkcs8Prefix, privateKey)
    const scalar = await subtle.importKey('pkcs8', pkcs8, 'X25519', true, ['deriveBits'])
    const { x } = await subtle.exportKey('jwk', scalar)
    const jwk = { kty: 'OKP', crv: 'X25519', x: x ?? '' }
    return { privateKey: scalar, publicKey: await subtle.importKey('jwk', jwk, 'X25519', true, []) }
  }
  return {
    id: x25519.id,
    async encapsulateTo(publicKey) {
      const encapsulate = await x25519.encapsulateTo(publicKey)
      return async () => {
        const generating = vi
          .spyOn(subtle, 'generateKey')
          .mockImplementation(fixed as unknown as typeof subtle.generateKey)
        try {
          return await encapsulate()
        } finally {
          generating.mockRestore()
        }
      }
    },
  }
}

function join(prefix: Bytes, rest: Bytes): Bytes {
  return Uint8Array.from([...prefix, ...rest])
}

export const aes128 = { kdfId: 1, aeadId: 1 }
export const aes256 = { kdfId: 1, aeadId: 2 }

/** The key that `config` offers, with the suite `chosen` of those that stand there. */
export async function requestKeyOf(
  config: Bytes,
  chosen: { kdfId: number; aeadId: number } = aes128,
  kem: Kem = x25519,
): Promise<RequestKey> {
  const { kdfId, aeadId } = chosen
  return RequestKey.import({ ...parseKeyConfig(config), kdfId, aeadId }, [kem])
}

import { KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke'
import { type Bytes, fromHex } from '../../src/bytes.js'
import { type Kem, senderOf } from '../../src/ohttp/kem.js'
import { RequestKey } from '../../src/ohttp/request-key.js'
import { parseKeyConfig } from './key-config.js'

/** A private key in PKCS #8, RFC 8410 §7. */
const pkcs8Prefix = fromHex('302e020100300506032b656e04220420')

/** X25519 that makes the same "fresh" key pair every time: to seal published vectors again. */
export function fixedEphemeral(privateKey: Bytes): Kem {
  return senderOf({
    ...KEM_DHKEM_X25519_HKDF_SHA256(),
    async GenerateKeyPair() {
      const scalar = await crypto.subtle.importKey('pkcs8', join(pkcs8Prefix, privateKey), 'X25519', true, [
        'deriveBits',
      ])
      const { x } = await crypto.subtle.exportKey('jwk', scalar)
      const publicKey = await crypto.subtle.importKey(
        'jwk',
        { kty: 'OKP', crv: 'X25519', x: x ?? '' },
        'X25519',
        true,
        [],
      )
      return { privateKey: scalar, publicKey }
    },
  })
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
  kem: Kem = senderOf(KEM_DHKEM_X25519_HKDF_SHA256()),
): Promise<RequestKey> {
  const { kdfId, aeadId } = chosen
  return RequestKey.import({ ...parseKeyConfig(config), kdfId, aeadId }, [kem])
}

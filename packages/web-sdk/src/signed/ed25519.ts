import type { Bytes } from '../bytes.js'

/**
 * Whether `signature` is one over `message` by `key` (RFC 8032 §5.1.7).
 *
 * @param key 32 bytes
 * @throws {DOMException} where the engine has no Ed25519, or takes the key for none
 */
export async function verifyEd25519(key: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  const imported = await crypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify'])
  return crypto.subtle.verify('Ed25519', imported, signature, message)
}

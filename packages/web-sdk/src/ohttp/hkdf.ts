import { type Bytes, concat, u16, utf8 } from '../bytes.js'

/** Length of an HMAC-SHA-256, in bytes: of what is extracted, and the most that is expanded here. */
export const hashLength = 32

async function hmac(key: Uint8Array, data: Bytes): Promise<Bytes> {
  // HMAC fills a shorter key with zeros (RFC 2104 §2); WebCrypto takes none of length zero.
  const bytes = key.length > 0 ? new Uint8Array(key) : new Uint8Array(hashLength)
  const imported = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, data))
}

/** HKDF-Extract of RFC 5869 §2.2 with SHA-256. */
export const extract: (salt: Uint8Array, ikm: Bytes) => Promise<Bytes> = hmac

/**
 * HKDF-Expand of RFC 5869 §2.3 with SHA-256, of one block.
 *
 * @param length at most `hashLength`
 */
export async function expand(prk: Uint8Array, info: Bytes, length: number): Promise<Bytes> {
  if (length > hashLength) throw new RangeError('more than one block')
  return (await hmac(prk, concat(info, Uint8Array.of(1)))).slice(0, length)
}

const version = utf8('HPKE-v1')

/** LabeledExtract of RFC 9180 §4. */
export async function labeledExtract(suiteId: Bytes, salt: Uint8Array, label: string, ikm: Uint8Array): Promise<Bytes> {
  return extract(salt, concat(version, suiteId, utf8(label), ikm))
}

/** LabeledExpand of RFC 9180 §4. */
export async function labeledExpand(
  suiteId: Bytes,
  prk: Uint8Array,
  label: string,
  info: Bytes,
  length: number,
): Promise<Bytes> {
  return expand(prk, concat(u16(length), version, suiteId, utf8(label), info), length)
}

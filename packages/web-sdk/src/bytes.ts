/** Bytes in memory of their own: what WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    joined.set(part, offset)
    offset += part.length
  }
  return joined
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text)
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function fromHex(text: string): Bytes {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new TypeError('not lower-case hexadecimal')
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

/** RFC 4648 §5, without padding. */
export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/** The wire's 16-bit numbers are big-endian everywhere (RFC 9458 §3, RFC 9180 §4). */
export function u16(value: number): Bytes {
  return Uint8Array.of(value >> 8, value & 0xff)
}

/**
 * Gives back the memory of bytes that have it for themselves and that nobody needs any more, where the engine can: collectors of
 * garbage wait until there is much of it, and fresh memory costs browsers more than to encrypt what comes into it.
 */
export function free(bytes: Bytes): void {
  ;(bytes.buffer as { transfer?: (length: number) => unknown }).transfer?.(0)
}

/** What `value` is by its own word, as `Uint8Array`: `instanceof` denies values of other realms, as of frames. */
export function kindOfValue(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

/** Bytes over an ordinary buffer, as WebCrypto demands them. */
export type Bytes = Uint8Array<ArrayBuffer>

export function fromHex(text: string): Bytes {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new TypeError('not lower-case hexadecimal')
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let offset = 0
  for (const part of parts) {
    whole.set(part, offset)
    offset += part.length
  }
  return whole
}

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text)
}

export function all(bytes: Uint8Array, value: number): boolean {
  return bytes.every((byte) => byte === value)
}

/** A number as `length` bytes, most significant first. */
export function bigEndian(value: number, length: number): Bytes {
  const bytes = new Uint8Array(length)
  for (let rest = value, index = length - 1; index >= 0; index -= 1, rest = Math.floor(rest / 256))
    bytes[index] = rest % 256
  return bytes
}

/** An unsigned number of any length, most significant byte first. */
export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`)
}

/** `LP(x) = u32be(len(x)) || x` of PROTOCOL.md. */
export function lengthPrefixed(bytes: Uint8Array): Bytes {
  return concat(bigEndian(bytes.length, 4), bytes)
}

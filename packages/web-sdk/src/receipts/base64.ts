import { type Bytes, base64url } from '../bytes.js'

/** Whole groups of three bytes, and fewer than an engine takes as arguments. */
const pieceLength = 0x3000

/** RFC 4648 §5 without padding, of any length. */
export function encodeBase64url(bytes: Uint8Array): string {
  const pieces: string[] = []
  for (let offset = 0; offset < bytes.length; offset += pieceLength)
    pieces.push(base64url(bytes.subarray(offset, offset + pieceLength)))
  return pieces.join('')
}

/** @returns `undefined` for other characters, lengths or spare bits than the one encoding of some bytes has */
export function decodeBase64url(text: string): Bytes | undefined {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return undefined
  try {
    const characters = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
    const bytes = new Uint8Array(characters.length)
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = characters.charCodeAt(index)
    const tail = text.slice(-(text.length % 4 || 4))
    return encodeBase64url(bytes.subarray(bytes.length - (bytes.length % 3 || 3))) === tail ? bytes : undefined
  } catch {
    return undefined
  }
}

import { exit } from '../exit.js'
import { Failure } from '../failure.js'

const block = /-----BEGIN CERTIFICATE-----\s*([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----/g

/**
 * The DER of each certificate in a file: what PEM (RFC 7468 §5) wraps, or the file itself.
 *
 * @throws {Failure} `cli.file` for PEM without a certificate
 */
export function certificatesIn(name: string, file: Uint8Array): Uint8Array[] {
  // DER of a certificate begins with a SEQUENCE: no PEM file does.
  if (file[0] === 0x30) return [file]
  const text = Buffer.from(file).toString('latin1')
  const found = [...text.matchAll(block)].map(([, base64 = '']) => new Uint8Array(Buffer.from(base64, 'base64')))
  if (found.length === 0) throw new Failure('cli.file', `${name}: neither DER nor a PEM certificate`, exit.undecided)
  return found
}

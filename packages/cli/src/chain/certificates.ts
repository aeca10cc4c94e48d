import { exit } from '../exit.js'
import { Failure } from '../failure.js'

const begin = '-----BEGIN CERTIFICATE-----'
const end = '-----END CERTIFICATE-----'

/** Of one certificate in PEM, in characters. Those of attestation keys have about 2,500. */
const longest = 65_536
/** Of one file. Chains have three to five certificates. */
const most = 64

/**
 * The DER of each certificate in a file: what PEM (RFC 7468 §5) wraps, or the file itself. Text outside of the blocks is passed over.
 *
 * @throws {Failure} `cli.file` for PEM without a certificate, or with a block that is not one; `cli.size` for too much of it
 */
export function certificatesIn(name: string, file: Uint8Array): Uint8Array[] {
  // DER of a certificate begins with a SEQUENCE: no PEM file does.
  if (file[0] === 0x30) {
    if (file.length > longest) throw tooLarge(`${name}: the certificate has more than ${longest} bytes`)
    return [file]
  }
  const text = Buffer.from(file).toString('latin1')
  const found: Uint8Array[] = []
  // Each search begins where the last one ended, so that the time is linear in the size of the file.
  for (let at = text.indexOf(begin); at !== -1; at = text.indexOf(begin, at)) {
    if (found.length === most) throw tooLarge(`${name} has more than ${most} certificates`)
    const from = at + begin.length
    const to = text.indexOf(end, from)
    const which = `${name}: certificate ${found.length + 1}`
    if (to === -1) throw malformed(`${which} has no end; '${end}' is expected`)
    if (to - from > longest) throw tooLarge(`${which} has more than ${longest} characters`)
    const base64 = text.slice(from, to)
    if (!/^[A-Za-z0-9+/=\s]*$/.test(base64) || base64.trim() === '')
      throw malformed(`${which} is not base64 between '${begin}' and '${end}'`)
    found.push(new Uint8Array(Buffer.from(base64, 'base64')))
    at = to + end.length
  }
  if (found.length === 0) throw malformed(`${name}: neither DER nor a PEM certificate`)
  return found
}

function malformed(message: string): Failure {
  return new Failure('cli.file', message, exit.undecided)
}

function tooLarge(message: string): Failure {
  return new Failure('cli.size', message, exit.undecided)
}

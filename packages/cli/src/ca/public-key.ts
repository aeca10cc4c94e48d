import { createPublicKey, type KeyObject } from 'node:crypto'
import { exit } from '../exit.js'
import { Failure } from '../failure.js'

// TCG TPM 2.0 Library, Part 2: §6.3 (TPM_ALG_ID), §6.4 (TPM_ECC_CURVE).
const TPM_ALG_RSA = 0x0001
const TPM_ALG_ECC = 0x0023
const curves: Readonly<Record<number, string>> = { 0x0003: 'P-256', 0x0004: 'P-384' }

/**
 * The key of a TPMT_PUBLIC (Part 2 §12.2.4) that `checkEndorsement` of the verifier accepted: a signing key with one scheme, a symmetric
 * algorithm of NULL, and the exponent 65537 (PROTOCOL.md §6).
 *
 * @throws {Failure} `cli.authority` for another form
 */
export function publicKeyOf(tpmtPublic: Uint8Array): KeyObject {
  const bytes = Buffer.from(tpmtPublic)
  try {
    // type, nameAlg, objectAttributes, then authPolicy, a TPM2B.
    const [type, policyLength] = [bytes.readUInt16BE(0), bytes.readUInt16BE(8)]
    // symmetric (TPM_ALG_NULL has no parameters), scheme and its hash.
    const parameters = 10 + policyLength + 2 + 4
    if (type === TPM_ALG_RSA) {
      // keyBits and exponent, then the modulus.
      const { content, end } = sized(bytes, parameters + 6)
      if (end === bytes.length) return imported({ kty: 'RSA', n: content.toString('base64url'), e: 'AQAB' })
    } else if (type === TPM_ALG_ECC) {
      const crv = curves[bytes.readUInt16BE(parameters)]
      // curveID and kdf (TPM_ALG_NULL), then x and y.
      const x = sized(bytes, parameters + 4)
      const y = sized(bytes, x.end)
      if (crv !== undefined && y.end === bytes.length)
        return imported({ kty: 'EC', crv, x: x.content.toString('base64url'), y: y.content.toString('base64url') })
    }
  } catch (cause) {
    throw malformed(cause)
  }
  throw malformed()
}

/** A TPM2B at this place. */
function sized(bytes: Buffer, at: number): { content: Buffer; end: number } {
  const end = at + 2 + bytes.readUInt16BE(at)
  return { content: bytes.subarray(at + 2, end), end }
}

function imported(key: Record<string, string>): KeyObject {
  return createPublicKey({ key, format: 'jwk' })
}

function malformed(cause?: unknown): Failure {
  return new Failure(
    'cli.authority',
    'The TPMT_PUBLIC of the attestation key has a form that this command does not certify; expected is an RSA or ECDSA key of PROTOCOL.md §6',
    exit.refused,
    { cause },
  )
}

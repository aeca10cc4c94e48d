import { createHash, X509Certificate } from 'node:crypto'

/** A certificate as Node.js reads it, to be shown: nothing is decided by it. */
export interface Described {
  /** Absent, with the dates, where it cannot be read. */
  subject?: string
  /** RFC 3339 */
  validFrom?: string
  validTo?: string
  /** Of the DER. */
  sha256: string
}

export function describe(der: Uint8Array): Described {
  const sha256 = createHash('sha256').update(der).digest('hex')
  try {
    const { subject, validFrom, validTo } = new X509Certificate(withoutPadding(der))
    const name = subject === undefined || subject === '' ? 'no subject' : subject.split('\n').toReversed().join(', ')
    return { subject: name, validFrom: time(validFrom), validTo: time(validTo), sha256 }
  } catch {
    return { sha256 }
  }
}

/** A leaf may stand in NVRAM with zeros behind it. */
export function withoutPadding(der: Uint8Array): Uint8Array {
  let end = der.length
  while (end > 0 && der[end - 1] === 0) end--
  // Zeros that belong to the signature: the length that the SEQUENCE states decides.
  const stated = der[1] === 0x82 ? 4 + (der[2] ?? 0) * 256 + (der[3] ?? 0) : end
  return der.subarray(0, Math.max(end, Math.min(stated, der.length)))
}

function time(text: string): string {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? text : new Date(ms).toISOString()
}

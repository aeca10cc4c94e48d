import type { Outcome, VerifierModule } from './verifier.ts'

/** A quote as some TPM made it; byte strings are hex. The attestation key is taken as trusted. */
interface QuoteVector {
  name: string
  /** TPMT_PUBLIC */
  akPublic: string | null
  /** DER SubjectPublicKeyInfo of an RSA key, where the public area is not known. */
  akSpki?: string | null
  /** null: the qualified name is not checked. */
  hierarchy: 'endorsement' | null
  attest: string
  signature: string
  extraData: string
  selection: { bank: string; pcrs: number[] }
  /** Claimed values by index. */
  pcrs: Record<string, string>
}

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

export function runQuote(verifier: VerifierModule, text: string): Outcome {
  if (verifier.checkQuote === undefined) throw new Error('this package has no checkQuote')
  const vector = JSON.parse(text) as QuoteVector
  const indices = vector.selection.pcrs.toSorted((a, b) => a - b)
  const code = verifier.checkQuote(
    bytes(vector.akPublic ?? vector.akSpki ?? ''),
    vector.akPublic === null,
    vector.hierarchy === 'endorsement',
    bytes(vector.attest),
    bytes(vector.signature),
    bytes(vector.extraData),
    vector.selection.bank,
    Uint8Array.from(indices),
    Buffer.concat(indices.map((index) => bytes(vector.pcrs[index] ?? ''))),
  )
  return { name: vector.name, code }
}

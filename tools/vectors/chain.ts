import type { Outcome, VerifierModule } from './verifier.ts'

/** The certificate chain of an attestation key. The root decides which rules its leaf has beyond RFC 5280. */
interface ChainVector {
  name: string
  /** Leaf to root, base64 of DER; the leaf may be padded with zeros. */
  chain: string[]
  /** Of the root's DER, hex. */
  rootSha256: string
  /** RFC 3339. */
  verifyAt: string
}

export function runChains({ checkChain }: VerifierModule, text: string): Outcome[] {
  if (checkChain === undefined) throw new Error('this package has no checkChain')
  return (JSON.parse(text) as ChainVector[]).map((vector) => ({ name: vector.name, code: check(checkChain, vector) }))
}

function check(checkChain: NonNullable<VerifierModule['checkChain']>, vector: ChainVector): string {
  const now = Date.parse(vector.verifyAt)
  if (Number.isNaN(now)) throw new Error(`${vector.name}: verifyAt is no time`)
  const chain = vector.chain.map((certificate) => Buffer.from(certificate, 'base64'))
  const lengths = Uint32Array.from(chain.map(({ length }) => length))
  return checkChain(Buffer.concat(chain), lengths, Buffer.from(vector.rootSha256, 'hex'), now)
}

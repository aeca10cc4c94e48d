import { checkExtraData } from './binding.ts'
import { checkSelection, provenValues } from './pcrs.ts'
import { demand, Refusal } from './refusal.ts'
import { algorithm, bankOfName } from './tpm/algorithm.ts'
import { readQuote } from './tpm/attest.ts'
import { checkAttributes } from './tpm/attributes.ts'
import { checkQualifiedName } from './tpm/name.ts'
import { type AkPublic, readAkPublic } from './tpm/public.ts'
import { readSignature, verifySignature } from './tpm/signature.ts'
import { readDer } from './x509/der.ts'
import { readSpki } from './x509/spki.ts'

/** A quote of any TPM; its key is taken as trusted. */
export interface QuoteInput {
  readonly akPublic: Uint8Array | undefined
  /** Where the public area is not known: an RSA key that signs RSASSA with SHA-256. */
  readonly akSpki: Uint8Array
  readonly endorsement: boolean
  readonly attest: Uint8Array
  readonly signature: Uint8Array
  readonly extraData: Uint8Array
  readonly bank: string
  readonly indices: readonly number[]
  readonly values: ReadonlyMap<number, Uint8Array>
}

/** The steps of PROTOCOL.md §8 that concern the quote, in their order. @throws {Refusal} */
export async function checkQuote(input: QuoteInput): Promise<void> {
  const bank = bankOfName(input.bank)
  if (bank === undefined) throw new Refusal('policy.unsupported', `no policy can name the bank ${input.bank}`)
  const ak = input.akPublic === undefined ? fromSpki(input.akSpki) : readAkPublic(input.akPublic)
  if (input.akPublic !== undefined) checkAttributes(ak.attributes)
  const quote = readQuote(input.attest)
  if (input.endorsement) await checkQualifiedName(ak, quote.qualifiedSigner)
  await verifySignature(readSignature(input.signature, ak), ak, input.attest)
  checkExtraData(quote.extraData, input.extraData)
  checkSelection(quote, bank, input.indices)
  await provenValues(quote, ak.scheme.hash, input.values, input.indices)
}

function fromSpki(bytes: Uint8Array): AkPublic {
  const key = readSpki(readDer(bytes, 'ak.syntax'), 'ak.algorithm')
  demand(key.kind === 'rsa', 'ak.algorithm', 'not an RSA key')
  const hash = 'SHA-256'
  return {
    bytes,
    nameAlg: algorithm.sha256,
    nameHash: hash,
    attributes: 0,
    scheme: { id: algorithm.rsassa, hash },
    key,
  }
}

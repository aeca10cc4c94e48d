import { concat, equal, lengthPrefixed, utf8 } from './bytes.ts'
import type { Claims } from './claims.ts'
import { sha256 } from './crypto.ts'
import { verifyEd25519 } from './ed25519.ts'
import type { Suite } from './key-config.ts'
import { demand, Refusal } from './refusal.ts'

/** What makes of a verification that of a receipt or of a verification record, PROTOCOL.md §21. */
export interface Receipt {
  /** undefined: a verification record. */
  readonly exchange: Exchange | undefined
  /** undefined: the verifier has none of its own. */
  readonly status: CurrentStatus | undefined
}

/** What the verifier itself was told of withdrawals. */
export interface CurrentStatus {
  /** `current-status`, not decoded. */
  readonly documents: Uint8Array
  /** The verifier's own time. */
  readonly nowMs: number
}

/** What a receipt says was asked and answered, PROTOCOL.md §21. */
export interface Exchange {
  /** undefined: `request` and `response` are the digests. */
  readonly salt: Uint8Array | undefined
  readonly request: Uint8Array
  readonly response: Uint8Array
  readonly modelDigest: Uint8Array
  readonly signature: Uint8Array
}

const label = 'blindllama/receipt/v1'

/** Every suite that there is: a receipt is verified without an engine. */
export const everySuite: readonly Suite[] = [0x0020, 0x647a].flatMap((kem) =>
  [1, 2, 3].map((aead) => [kem, 1, aead] as const),
)

/**
 * Step `receipt`.
 *
 * @param released the model of the manifest that matched, where it names one
 * @throws {Refusal} receipt.no_key, receipt.signature, receipt.model
 */
export async function checkReceipt(
  { receiptKey, epochId }: Claims,
  exchange: Exchange,
  released: Uint8Array | undefined,
): Promise<void> {
  if (receiptKey === undefined) throw new Refusal('receipt.no_key', 'the claims have none')
  const { salt, modelDigest, signature } = exchange
  const digestOf = async (bytes: Uint8Array): Promise<Uint8Array> =>
    salt === undefined ? bytes : sha256(concat(salt, bytes))
  const [request, response] = [await digestOf(exchange.request), await digestOf(exchange.response)]
  const parts = [utf8(label), request, response, modelDigest, epochId]
  const isFormed = [request, response].every(({ length }) => length === 32) && [0, 32].includes(modelDigest.length)
  const verifies = isFormed && (await verifyEd25519(receiptKey, signature, concat(...parts.map(lengthPrefixed))))
  demand(verifies, 'receipt.signature', 'not signed by this gateway for this exchange')
  const isTold = modelDigest.length > 0 && released !== undefined
  demand(!isTold || equal(modelDigest, released), 'receipt.model', 'another model than the release')
}

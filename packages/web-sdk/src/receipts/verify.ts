import { verifyReceipt as verifyInWasm } from '@blindllama/verifier-wasm'
import { hex } from '../bytes.js'
import { policyBytes } from '../options.js'
import type { Policy } from '../policy.js'
import type { Verdict } from '../verdict.js'
import { loadVerifier } from '../verifier/load.js'
import type { WasmSource } from '../verifier/source.js'
import { type FileExchange, type ReceiptFile, readReceiptFile } from './read-file.js'
import { saltedDigest } from './signature.js'

export interface VerifyReceiptOptions {
  /** What you demand of the service. Default: the policy in the file, which is worth what its holder is. */
  policy?: string | Uint8Array | Policy
  /** Accept a `simulated` anchor that the policy lists: what such a receipt shows proves nothing. */
  allowSimulated?: boolean
  /** Default: the file that this package was built with, beside its module, with its hash checked before compilation. */
  wasm?: WasmSource
}

/** What a file was found to be. */
export interface ReceiptVerdict {
  /** A `record` shows what was verified and nothing of a conversation: call it a verification record. */
  kind: 'receipt' | 'record'
  verdict: Verdict
  /** The holder's word, in milliseconds since 1970; the verdict is that of this time. */
  verifiedAtMs: number
  /** Whether the policy was yours; `false`: that of the file. */
  ownPolicy: boolean
  /** What the gateway signed. There where the verdict passed and the file is a receipt. */
  exchange?: ProvenExchange
}

export interface ProvenExchange {
  /** Binary HTTP (RFC 9292), as the gateway decapsulated it, without padding; absent where the file shows digests alone. */
  request?: Uint8Array
  /** Binary HTTP up to the end of its content; absent where the file shows digests alone. */
  response?: Uint8Array
  /** SHA-256 of salt and request, in hex. */
  requestDigest: string
  /** SHA-256 of salt and response, in hex. */
  responseDigest: string
  /** SHA-256 of the model, as the gateway was told it, in hex. */
  modelDigest?: string
}

/**
 * Verifies a receipt or a verification record, at any later time and without a network (PROTOCOL.md §21).
 *
 * ```ts
 * import { verifyReceipt } from '@blindllama/web-sdk/receipts'
 *
 * const { kind, verdict, exchange } = await verifyReceipt(await file.text(), { policy })
 * if (verdict.result === 'pass' && kind === 'receipt') console.log('really asked and answered', exchange)
 * ```
 *
 * What it proves is in `verdict` and `exchange`; the time and who asked are the holder's word. A file that does not hold gives
 * a failed verdict and is not an error.
 *
 * @throws {BlindLlamaError} `receipt.syntax` and `receipt.size` for what is no such file, `client.options`, `wasm.…`
 */
export async function verifyReceipt(
  file: string | Uint8Array,
  options: VerifyReceiptOptions = {},
): Promise<ReceiptVerdict> {
  const read = readReceiptFile(file)
  const { exchange, verifiedAtMs } = read
  const policy = options.policy === undefined ? read.policy : policyBytes(options.policy)
  const verifier = await loadVerifier(options.wasm ?? new URL('./blindllama_verifier_bg.wasm', import.meta.url))
  const verdict = verifier.run(() => judge(read, policy, options.allowSimulated === true))
  return {
    kind: exchange ? 'receipt' : 'record',
    verdict,
    verifiedAtMs,
    ownPolicy: options.policy !== undefined,
    ...(exchange && verdict.result === 'pass' && { exchange: await shown(exchange) }),
  }
}

/** The verdict on a decoded file; to be called on an instance of the verifier. */
export function judge(file: ReceiptFile, policy: Uint8Array, allowSimulated: boolean): Verdict {
  const { evidence, staticPart, audience, nonce, verifiedAtMs, exchange } = file
  const none = new Uint8Array()
  const verdict = verifyInWasm(
    evidence,
    staticPart,
    policy,
    audience,
    nonce,
    verifiedAtMs,
    allowSimulated,
    exchange?.salt,
    exchange?.request ?? none,
    exchange?.response ?? none,
    exchange?.modelDigest ?? none,
    exchange?.signature,
  )
  return JSON.parse(verdict) as Verdict
}

async function shown({ salt, request, response, modelDigest }: FileExchange): Promise<ProvenExchange> {
  const model = modelDigest.length > 0 && { modelDigest: hex(modelDigest) }
  if (!salt) return { requestDigest: hex(request), responseDigest: hex(response), ...model }
  const [requestDigest, responseDigest] = [await saltedDigest(salt, request), await saltedDigest(salt, response)]
  return { request, response, requestDigest: hex(requestDigest), responseDigest: hex(responseDigest), ...model }
}

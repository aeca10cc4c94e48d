import { verifyReceipt as verifyInWasm } from '@blindllama/verifier-wasm'
import { hex } from '../bytes.js'
import type { Code } from '../errors.js'
import { assertKnown } from '../known-options.js'
import { policyBytes } from '../options.js'
import type { Policy } from '../policy.js'
import type { Verdict } from '../verdict.js'
import { loadVerifier } from '../verifier/load.js'
import type { WasmSource } from '../verifier/source.js'
import { type FileExchange, type ReceiptFile, readReceiptFile } from './read-file.js'
import { saltedDigest } from './signature.js'

export interface VerifyReceiptOptions extends CheckOptions {
  /** What you demand of the service. The policy in the file is its holder's and has no say. */
  policy: string | Uint8Array | Policy
  /** Accept a `simulated` anchor that the policy lists: what such a receipt shows proves nothing. */
  allowSimulated?: boolean
}

export interface CheckOptions {
  /** Default: the file that this package was built with, beside its module, with its hash checked before compilation. */
  wasm?: WasmSource
}

/** What a file was found to be under your policy. */
export interface ReceiptVerdict {
  /** A `record` shows what was verified and nothing of a conversation: call it a verification record. */
  kind: 'receipt' | 'record'
  verdict: Verdict
  /** The holder's word, in milliseconds since 1970; the verdict is that of this time. */
  verifiedAtMs: number
  /** What the gateway signed. There where the verdict passed and the file is a receipt. */
  exchange?: ProvenExchange
}

/** Whether a file agrees with itself. Nothing of it is proven: there is no verdict that could be taken for one. */
export type ReceiptConsistency =
  | { kind: 'receipt' | 'record'; consistent: true }
  | { kind: 'receipt' | 'record'; consistent: false; code: Code; detail: string }

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
 * Verifies a receipt or a verification record under your policy, at any later time and without a network (PROTOCOL.md §21).
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
export async function verifyReceipt(file: string | Uint8Array, options: VerifyReceiptOptions): Promise<ReceiptVerdict> {
  assertKnown(options, 'policy allowSimulated wasm')
  const read = readReceiptFile(file)
  const { exchange, verifiedAtMs } = read
  const verdict = await judged(read, policyBytes(options?.policy), options.allowSimulated === true, options.wasm)
  return {
    kind: kindOf(read),
    verdict,
    verifiedAtMs,
    ...(exchange && verdict.result === 'pass' && { exchange: await shown(exchange) }),
  }
}

/**
 * Tells whether a receipt or a verification record agrees with the policy that it carries. Whoever makes a file chooses that policy
 * and the keys that it trusts, so agreement proves nothing; a file that does not even agree with itself is damaged or forged.
 *
 * ```ts
 * const { consistent } = await checkReceipt(await file.text())
 * ```
 *
 * @throws {BlindLlamaError} `receipt.syntax` and `receipt.size` for what is no such file, `client.options`, `wasm.…`
 */
export async function checkReceipt(file: string | Uint8Array, options: CheckOptions = {}): Promise<ReceiptConsistency> {
  assertKnown(options, 'wasm')
  const read = readReceiptFile(file)
  // The policy in the file is asked for everything, also for whether a software TPM will do.
  const verdict = await judged(read, read.policy, true, options.wasm)
  return verdict.result === 'pass'
    ? { kind: kindOf(read), consistent: true }
    : { kind: kindOf(read), consistent: false, code: verdict.code, detail: verdict.detail }
}

function kindOf({ exchange }: ReceiptFile): 'receipt' | 'record' {
  return exchange ? 'receipt' : 'record'
}

async function judged(
  file: ReceiptFile,
  policy: Uint8Array,
  allowSimulated: boolean,
  wasm: WasmSource = new URL('./blindllama_verifier_bg.wasm', import.meta.url),
): Promise<Verdict> {
  const verifier = await loadVerifier(wasm)
  return verifier.run(() => judge(file, policy, allowSimulated))
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

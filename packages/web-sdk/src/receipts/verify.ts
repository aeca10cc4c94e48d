import { type AllowSimulated, allowsSimulated } from '../allow-simulated.js'
import { verifyReceipt as verifyInWasm } from '@blindllama/verifier-wasm'
import { hex } from '../bytes.js'
import { BlindLlamaError, type Code } from '../errors.js'
import { assertKnown, ownOptions } from '../known-options.js'
import { policyBytes } from '../options.js'
import type { Policy, PolicyJson } from '../policy.js'
import type { FailedVerdict, PassedVerdict, SimulatedVerdict, Verdict } from '../verdict.js'
import { loadVerifier } from '../verifier/load.js'
import type { WasmSource } from '../verifier/source.js'
import { contentOf, type ReceiptSource } from './content.js'
import { currentStatus, type Envelope } from './current-status.js'
import { type FileExchange, type ReceiptFile, readReceiptFile } from './read-file.js'
import { saltedDigest } from './signature.js'

export interface VerifyReceiptOptions extends CheckOptions, AllowSimulated {
  /** What you demand of the service. The policy in the file is its holder's and has no say. */
  policy: string | Uint8Array | Policy | PolicyJson
  /**
   * Your own word for the service, an ASCII origin, where the policy names no `audience`. Without either the one in the file is taken,
   * and `holdersWord` says so.
   */
  audience?: string
  /**
   * The newest status that you know of, from those who sign it and not from the one who shows the file: the signed document in its
   * DSSE envelope. It tells what was withdrawn since. Without it a policy with `status` gives no `pass`.
   */
  status?: Envelope
  /** Key sets that succeeded one another until those of `status` signed, oldest first, where the policy pins an older one. At most 8. */
  keySets?: readonly Envelope[]
  /** When `status` must be current, in milliseconds since 1970. Default: now. */
  statusAtMs?: number
}

export interface CheckOptions {
  /** Default: the file that this package was built with, beside its module, with its hash checked before compilation. */
  wasm?: WasmSource
}

/** What stays the word of the one who shows a file, whatever the verdict (PROTOCOL.md §21). */
export type HoldersWord =
  /** When it was. The gateway's own clock, `verdict.claims.serverTimeMs`, differs by five minutes at most. */
  | 'time'
  /** That the holder is the one who asked. */
  | 'asker'
  /** That what the request says was said before was said: a client writes earlier turns itself. */
  | 'earlier-turns'
  /** That there was any conversation: a record holds none. */
  | 'conversation'
  /** Which service it was: neither the policy nor you named the audience. */
  | 'audience'

/** What a file shows under your policy, at the time that it is of. */
export interface Shown {
  verdict: PassedVerdict | SimulatedVerdict
  /** Never empty. */
  holdersWord: readonly HoldersWord[]
  /** What the gateway signed; absent in a record. */
  exchange?: ProvenExchange
  /** Where the model runs outside of the proof: SHA-256 of the one that the gateway was told, in hex. Nothing compares it with what ran. */
  toldModelDigest?: string
}

interface Kind {
  /** A `record` shows what was verified and nothing of a conversation: call it a verification record. */
  kind: 'receipt' | 'record'
  /** The holder's word, in milliseconds since 1970; the verdict is that of this time. */
  verifiedAtMs: number
}

/**
 * What a file was found to be under your policy. Only `pass` has `verdict`, `exchange` and `holdersWord` at its top: what is withdrawn or
 * unchecked has them in `asOfThen`, as they were at the time of the file.
 */
export type ReceiptVerdict = Kind &
  (
    | (Shown & {
        result: 'pass'
        /** Date of the status that says so, in ms since 1970; absent where the policy asks for none and you gave none. */
        statusDateMs?: number
      })
    /** The release was withdrawn since, by its version: it is below the floor of a status of `sinceMs`. */
    | { result: 'withdrawn'; sinceMs: number; asOfThen: Shown }
    /** The policy asks what was withdrawn, and you gave no current status. */
    | { result: 'unchecked'; asOfThen: Shown }
    | { result: 'fail'; verdict: FailedVerdict }
  )

/** Whether a file agrees with itself. Nothing of it is proven: there is no verdict that could be taken for one. */
export type ReceiptConsistency =
  | { kind: 'receipt' | 'record'; consistent: true }
  /** Why not: `sentenceOfRefusal` of `./sentences` says it to a person. */
  | ({ kind: 'receipt' | 'record'; consistent: false } & Pick<FailedVerdict, 'code' | 'detail'>)

export interface ProvenExchange {
  /** Binary HTTP (RFC 9292), as the gateway decapsulated it, without padding; absent where the file shows digests alone. */
  request?: Uint8Array
  /** Binary HTTP up to the end of its content; absent where the file shows digests alone. */
  response?: Uint8Array
  /** SHA-256 of salt and request, in hex. */
  requestDigest: string
  /** SHA-256 of salt and response, in hex. */
  responseDigest: string
  /** SHA-256 of the model, as what was measured was told it, in hex; absent where the model runs outside of the proof. */
  modelDigest?: string
}

/**
 * Verifies a receipt or a verification record under your policy, at any later time and without a network (PROTOCOL.md §21).
 *
 * ```ts
 * import { verifyReceipt } from '@blindllama/web-sdk/receipts'
 *
 * const read = await verifyReceipt(file, { policy, status, audience: 'https://chat.example' })
 * if (read.result === 'pass' && read.kind === 'receipt') console.log('asked and answered', read.exchange, 'claimed:', read.holdersWord)
 * ```
 *
 * A file that does not hold gives `fail` and is not an error.
 *
 * @throws {BlindLlamaError} `receipt.syntax` and `receipt.size` for what is no such file, `receipt.status` for a status or a key set that
 *   is no such document, `client.options`, `wasm.…`
 */
export async function verifyReceipt(file: ReceiptSource, options: VerifyReceiptOptions): Promise<ReceiptVerdict> {
  assertKnown(options, 'policy audience status keySets statusAtMs dangerouslyAllowSimulated allowSimulated wasm')
  const policy = policyBytes(options?.policy)
  const { audience, status, keySets = [], statusAtMs = Date.now(), wasm } = ownOptions(options)
  if (status === undefined && keySets.length > 0)
    throw new BlindLlamaError('client.options', '`keySets` lead to those who signed `status`, which is missing')
  if (!Number.isSafeInteger(statusAtMs) || statusAtMs < 0)
    throw new BlindLlamaError('client.options', '`statusAtMs` must be a time in milliseconds since 1970')
  const read = readReceiptFile(await contentOf(file))
  const known = status === undefined ? undefined : currentStatus(status, keySets)
  const current = known && { documents: known.documents, nowMs: statusAtMs }
  const judgedFile = audience === undefined ? read : { ...read, audience }
  const verdict = await judged(judgedFile, policy, allowsSimulated(options), wasm, current)
  const kind = { kind: kindOf(read), verifiedAtMs: read.verifiedAtMs }
  if (verdict.result === 'fail') return { ...kind, result: 'fail', verdict }
  const asOfThen: Shown = {
    verdict,
    holdersWord: holdersWord(read, audience !== undefined || namesAudience(policy)),
    ...(read.exchange && (await shown(read.exchange, verdict.claims?.upstream === 'unattested'))),
  }
  if (warns(verdict, 'release.status_missing')) return { ...kind, result: 'unchecked', asOfThen }
  if (!known) return { ...kind, result: 'pass', ...asOfThen }
  const { dateMs } = known.claimed
  if (warns(verdict, 'release.below_floor')) return { ...kind, result: 'withdrawn', sinceMs: dateMs, asOfThen }
  return { ...kind, result: 'pass', ...asOfThen, statusDateMs: dateMs }
}

function warns({ steps }: Verdict, code: Code): boolean {
  return steps.some((step) => step.status === 'warn' && step.code === code)
}

function holdersWord({ exchange }: ReceiptFile, hasAudience: boolean): HoldersWord[] {
  const what: HoldersWord[] = exchange ? ['asker', 'earlier-turns'] : ['conversation']
  return ['time', ...what, ...(hasAudience ? [] : (['audience'] as const))]
}

/** Of a policy that the verifier has read, strictly. */
function namesAudience(policy: Uint8Array): boolean {
  return Object.hasOwn(JSON.parse(new TextDecoder().decode(policy)) as object, 'audience')
}

/**
 * Tells whether a receipt or a verification record agrees with the policy that it carries. Whoever makes a file chooses that policy
 * and the keys that it trusts, so agreement proves nothing; a file that does not even agree with itself is damaged or forged.
 *
 * ```ts
 * const { consistent } = await checkReceipt(file)
 * ```
 *
 * @throws {BlindLlamaError} `receipt.syntax` and `receipt.size` for what is no such file, `client.options`, `wasm.…`
 */
export async function checkReceipt(file: ReceiptSource, options: CheckOptions = {}): Promise<ReceiptConsistency> {
  assertKnown(options, 'wasm')
  const read = readReceiptFile(await contentOf(file))
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
  current?: { documents: Uint8Array; nowMs: number },
): Promise<Verdict> {
  const verifier = await loadVerifier(wasm)
  return verifier.run(() => judge(file, policy, allowSimulated, current))
}

/**
 * The verdict on a decoded file; to be called on an instance of the verifier.
 *
 * @param current `current-status`, and the verifier's own time in milliseconds since 1970
 */
export function judge(
  file: ReceiptFile,
  policy: Uint8Array,
  allowSimulated: boolean,
  current?: { documents: Uint8Array; nowMs: number },
): Verdict {
  return verifyInWasm({ ...file, nowMs: file.verifiedAtMs, policy, allowSimulated, status: current })
}

async function shown(
  { salt, request, response, modelDigest }: FileExchange,
  isModelOutside: boolean,
): Promise<Pick<Shown, 'exchange' | 'toldModelDigest'>> {
  const digests = salt ? [await saltedDigest(salt, request), await saltedDigest(salt, response)] : [request, response]
  const [requestDigest, responseDigest] = digests.map(hex) as [string, string]
  const exchange = { ...(salt && { request, response }), requestDigest, responseDigest }
  if (modelDigest.length === 0) return { exchange }
  const model = hex(modelDigest)
  return isModelOutside ? { exchange, toldModelDigest: model } : { exchange: { ...exchange, modelDigest: model } }
}

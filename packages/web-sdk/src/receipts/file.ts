import type { Bytes } from '../bytes.js'
import type { Proof } from '../channel/observed.js'
import { BlindLlamaError } from '../errors.js'
import { assertKnown } from '../known-options.js'
import { policyBytes } from '../options.js'
import type { Policy, PolicyJson } from '../policy.js'
import type { PassedVerdict, SimulatedVerdict } from '../verdict.js'
import { encodeBase64url } from './base64.js'

/** The media type of a receipt's file (PROTOCOL.md §21). */
export const receiptType = 'application/vnd.blindllama.receipt+json'

/** A request and its answer, and that the gateway signed them. */
export interface SignedText {
  salt: Bytes
  request: Bytes
  response: Bytes
  /** Names of what in the request may hold a secret: `credentialsIn`. */
  credentials: readonly string[]
  requestDigest: Bytes
  responseDigest: Bytes
  /** 32 bytes, or none. */
  modelDigest: Bytes
  signature: Bytes
}

export interface ReceiptTextOptions {
  /** Show neither request nor answer: whoever has them can still be shown that these are the ones. */
  digestsOnly?: boolean
  /**
   * Show the request although `credentials` names what may hold secrets: all of those names, each of which was looked at.
   * Whoever gets the file can use the secrets.
   */
  withCredentials?: readonly string[]
}

/** What can be shown to others, who verify it with `verifyReceipt` or the command line, without a network. */
export interface Receipt {
  /**
   * Whether the gateway signed the exchange. If not, as it signs none, this is a *verification record*: it shows what was
   * verified and nothing of a conversation. Call it that.
   */
  readonly signed: boolean
  /** On the key that the exchange was encrypted to. A simulated one makes the receipt prove nothing. */
  readonly verdict: PassedVerdict | SimulatedVerdict
  /**
   * What in the request may hold secrets, by name: its fields, as `authorization`, except those that are known to be harmless,
   * and the parameters of its query, as `?key`. The gateway signed the request whole, so that they stand in a file that shows
   * it. Path and content stand there too.
   */
  readonly credentials: readonly string[]
  /**
   * The file of PROTOCOL.md §21, as JSON. No key that decrypts anything is in it.
   *
   * @throws {BlindLlamaError} `receipt.credentials` where `credentials` has a name that `withCredentials` has not,
   *   `client.options`
   */
  text: (options?: ReceiptTextOptions) => string
  /** The same as a `Blob` with its media type, to be downloaded. */
  blob: (options?: ReceiptTextOptions) => Blob
}

/** @param exchange `undefined` for a verification record */
export function receiptOf(proof: Proof, exchange: SignedText | undefined): Receipt {
  const credentials = exchange?.credentials ?? []
  const text = (options: ReceiptTextOptions = {}): string => {
    // A misspelt `digestsOnly` would show the words.
    assertKnown(options, 'digestsOnly withCredentials')
    const { digestsOnly = false, withCredentials = [] } = options
    const allowed: readonly unknown[] = Array.isArray(withCredentials) ? withCredentials : []
    const unnamed = digestsOnly ? [] : credentials.filter((name) => !allowed.includes(name))
    // Not told by name: the name of a parameter may itself be the secret, as in `?sk-…`.
    if (unnamed.length > 0)
      throw new BlindLlamaError(
        'receipt.credentials',
        `The request shows ${unnamed.length} of the receipt's \`credentials\`, not in withCredentials`,
      )
    return textOf(fileOf(proof, exchange, digestsOnly))
  }
  return {
    signed: exchange !== undefined,
    credentials,
    verdict: proof.verdict,
    text,
    blob: (options) => new Blob([text(options)], { type: receiptType }),
  }
}

/** What a verification record shows. */
export interface RecordInput {
  /** As received. */
  evidence: Uint8Array
  /** The static part of an earlier bundle, for evidence that leaves it out. */
  staticPart?: Uint8Array | undefined
  /** The 32 bytes that were sent. */
  nonce: Uint8Array
  /** As `connect` takes it. */
  policy: string | Uint8Array | Policy | PolicyJson
  /** The ASCII origin of the service's base URL. */
  audience: string
  /** When the verdict was given, in milliseconds since 1970. */
  nowMs: number
}

/**
 * The text of a verification record (PROTOCOL.md §21): what was verified, without a conversation. `verifyReceipt` reads it.
 *
 * @example
 * ```ts
 * const text = verificationRecord({ evidence, nonce, policy, audience: 'https://chat.example', nowMs })
 * ```
 *
 * @throws {BlindLlamaError} `client.options` for a value of another kind
 */
export function verificationRecord(input: RecordInput): string {
  const { evidence, staticPart, nonce, audience, nowMs } = input ?? {}
  for (const [name, bytes] of Object.entries({ evidence, nonce, staticPart: staticPart ?? new Uint8Array() }))
    if (!ArrayBuffer.isView(bytes)) throw new BlindLlamaError('client.options', `\`${name}\` must be a Uint8Array`)
  if (typeof audience !== 'string') throw new BlindLlamaError('client.options', '`audience` must be a string')
  if (!Number.isSafeInteger(nowMs) || nowMs < 0)
    throw new BlindLlamaError('client.options', '`nowMs` must be a time in milliseconds since 1970')
  return textOf(fileOf({ input: { ...input, policy: policyBytes(input.policy) }, staticPart }, undefined, true))
}

function textOf(file: object): string {
  return `${JSON.stringify(file, undefined, 2)}\n`
}

interface Recorded {
  readonly input: Omit<RecordInput, 'policy' | 'staticPart'> & { readonly policy: Uint8Array }
  readonly staticPart: Uint8Array | undefined
}

function fileOf({ input, staticPart }: Recorded, exchange: SignedText | undefined, digestsOnly: boolean): object {
  return {
    type: 'blindllama/receipt',
    version: 1,
    audience: input.audience,
    policy: new TextDecoder('utf-8', { ignoreBOM: true }).decode(input.policy),
    nonce: encodeBase64url(input.nonce),
    evidence: encodeBase64url(input.evidence),
    ...(staticPart && { static: encodeBase64url(staticPart) }),
    verifiedAtMs: input.nowMs,
    ...(exchange && { exchange: exchangeOf(exchange, digestsOnly) }),
  }
}

function exchangeOf(exchange: SignedText, digestsOnly: boolean): object {
  const { salt, request, response, requestDigest, responseDigest, modelDigest, signature } = exchange
  return {
    ...(digestsOnly
      ? { requestDigest: encodeBase64url(requestDigest), responseDigest: encodeBase64url(responseDigest) }
      : { salt: encodeBase64url(salt), request: encodeBase64url(request), response: encodeBase64url(response) }),
    ...(modelDigest.length > 0 && { modelDigest: encodeBase64url(modelDigest) }),
    signature: encodeBase64url(signature),
  }
}

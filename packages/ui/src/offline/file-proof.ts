import type { PolicyJson, Verdict } from '@blindllama/web-sdk'
import { type ReceiptVerdict, verifyReceipt } from '@blindllama/web-sdk/receipts'
import { answerOf } from '@blindllama/web-sdk/sentences'
import type { Evidence } from '../proof/evidence.js'
import type { ProofSource, ProofState } from '../proof/source.js'
import { en } from '../strings/en.js'

export interface FileProofOptions {
  /** The policy of the person who checks; that in the file is its holder's and has no say. JSON text. */
  readonly policy: string
  readonly allowSimulated: boolean
  readonly wasm: Uint8Array<ArrayBuffer>
}

/** What a receipt or a verification record was found to be (PROTOCOL.md §21), as the elements show it. */
export class FileProof implements ProofSource {
  readonly live = false
  readonly retry = undefined
  readonly state: ProofState
  readonly read: ReceiptVerdict
  readonly #options: FileProofOptions
  readonly #members: Readonly<Record<string, unknown>>

  private constructor(options: FileProofOptions, members: Readonly<Record<string, unknown>>, read: ReceiptVerdict) {
    this.#options = options
    this.#members = members
    this.read = read
    this.state = stateOf(read, evidenceOf(members, options.policy))
  }

  /**
   * @param file text of a receipt or a record
   * @throws {BlindLlamaError} as `verifyReceipt`: for what is no such file
   */
  static async of(file: string, options: FileProofOptions): Promise<FileProof> {
    const read = await verify(file, options)
    // Strictly read by then.
    return new FileProof(options, JSON.parse(file) as Record<string, unknown>, read)
  }

  /** A file does not change. */
  subscribe(): () => void {
    return () => {}
  }

  async verify({ evidence, nonce }: Evidence): Promise<Verdict> {
    const altered = { ...this.#members, evidence: base64url(evidence), nonce: base64url(nonce) }
    return verdictOf(await verify(JSON.stringify(altered), this.#options))
  }

  checkFile(file: string): Promise<ReceiptVerdict> {
    return verify(file, this.#options)
  }
}

function verify(file: string, { policy, allowSimulated, wasm }: FileProofOptions): Promise<ReceiptVerdict> {
  return verifyReceipt(file, { policy: policy as string | PolicyJson, dangerouslyAllowSimulated: allowSimulated, wasm })
}

function verdictOf(read: ReceiptVerdict): Verdict {
  return read.result === 'pass' || read.result === 'fail' ? read.verdict : read.asOfThen.verdict
}

function stateOf(read: ReceiptVerdict, evidence: Evidence): ProofState {
  const verdict = verdictOf(read)
  const none = { renewing: false, expiresAtMs: undefined, evidence, verdict, problem: undefined }
  if (read.result === 'withdrawn') {
    const problem = { code: 'release.below_floor', reason: en.receiptWithdrawn }
    return { ...none, status: 'refused', provenAtMs: undefined, problem }
  }
  if (verdict.result === 'fail') return { ...none, status: 'refused', provenAtMs: undefined }
  const status = answerOf(verdict)
  const isUnchecked = read.result === 'unchecked' && status === 'proven'
  return { ...none, status: isUnchecked ? 'limited' : status, provenAtMs: read.verifiedAtMs }
}

function evidenceOf(members: Readonly<Record<string, unknown>>, policy: string): Evidence {
  return {
    evidence: fromBase64url(members['evidence']),
    nonce: fromBase64url(members['nonce']),
    staticPart: members['static'] === undefined ? undefined : fromBase64url(members['static']),
    policy: new TextEncoder().encode(policy),
    audience: String(members['audience']),
    receivedAtMs: Number(members['verifiedAtMs']),
  }
}

function fromBase64url(text: unknown): Uint8Array {
  const characters = atob(String(text).replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(characters, (character) => character.charCodeAt(0))
}

function base64url(bytes: Uint8Array): string {
  const characters = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(characters).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

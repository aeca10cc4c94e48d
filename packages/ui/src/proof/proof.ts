import type { ConnectEvent, ConnectOptions, Verdict, WasmSource } from '@blindllama/web-sdk'
import { type ReceiptVerdict, verifyReceipt } from '@blindllama/web-sdk/receipts'
import { answerOf } from '@blindllama/web-sdk/sentences'
import { verifyEvidence } from '@blindllama/web-sdk/verify'
import { isPassing } from './answer.js'
import type { Evidence } from './evidence.js'
import { NO_PROOF, type ProofSource, type ProofState } from './source.js'

/** What the page demands of the service: the same values that its client has. */
export interface ProofOptions extends Pick<ConnectOptions<boolean>, 'url' | 'policy' | 'dangerouslyAllowSimulated'> {
  /** Default: the file of `@blindllama/web-sdk`, whose hash is checked before compilation. */
  wasm?: WasmSource | undefined
  /** Lets the elements offer to verify again: `() => client.renew()`. */
  retry?: (() => void) | undefined
}

/** Timers take no longer time, and fire at once. */
const longestTimerMs = 2 ** 31 - 1

/**
 * The proof of one service, as the elements show it. It hears the events of a client, and verifies the evidence in them itself: no verdict
 * of the client makes a proof pass. A refusal of the client does make it fail.
 *
 * ```ts
 * const proof = new Proof({ url, policy })
 * const client = await connect({ url, policy, onEvent: proof.onEvent })
 * document.querySelector('blindllama-badge').proof = proof
 * ```
 */
export class Proof implements ProofSource {
  readonly live = true
  readonly retry: (() => void) | undefined
  readonly #options: ProofOptions
  readonly #policy: Uint8Array
  readonly #audience: string
  readonly #listeners = new Set<() => void>()
  #state: ProofState = NO_PROOF
  /** Of the attestation under way. */
  #attempt: Attempt | undefined
  #expiry: ReturnType<typeof setTimeout> | undefined

  constructor(options: ProofOptions) {
    this.#options = options
    this.retry = options.retry
    this.#policy = policyBytes(options.policy)
    this.#audience = new URL(options.url).origin
  }

  get state(): ProofState {
    // Timers stand still while a machine sleeps. Whoever reads this may be drawing, so that the others are told afterwards.
    if (this.#isOver()) {
      const { renewing, provenAtMs } = this.#state
      this.#state = { ...NO_PROOF, status: renewing ? 'checking' : 'expired', provenAtMs }
      queueMicrotask(() => this.#notify())
    }
    return this.#state
  }

  subscribe(listener: () => void): () => void {
    const own = (): void => listener()
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  /** The option `onEvent` of `connect`. */
  readonly onEvent = (event: ConnectEvent): void => {
    switch (event.type) {
      case 'attesting':
        this.#begin()
        break
      case 'evidence': {
        const { evidence, nonce, staticPart, receivedAtMs } = event
        this.#attempt ??= {}
        const received = { evidence, nonce, staticPart, receivedAtMs, policy: this.#policy, audience: this.#audience }
        this.#attempt.evidence = received
        this.#attempt.own = this.verify(received)
        // It is awaited at the end of the attestation, which may never come.
        this.#attempt.own.catch(() => {})
        break
      }
      case 'verdict':
        if (this.#attempt && event.verdict.result === 'pass') this.#attempt.clientKey = event.verdict.key.publicKey
        break
      case 'ready':
        void this.#ready(this.#attempt, Date.now() + event.expiresInMs)
        break
      case 'failed':
        void this.#failed(this.#attempt, event)
        break
      case 'closed':
        this.#attempt = undefined
        this.#become({ ...NO_PROOF, provenAtMs: this.#state.provenAtMs })
        break
    }
  }

  verify({ policy, audience, receivedAtMs, ...received }: Evidence): Promise<Verdict> {
    const { dangerouslyAllowSimulated, wasm } = this.#options
    const options = { policy, audience, receivedAtMs, dangerouslyAllowSimulated: dangerouslyAllowSimulated === true }
    return verifyEvidence(received, { ...options, ...(wasm && { wasm }) })
  }

  checkFile(file: string): Promise<ReceiptVerdict> {
    const { dangerouslyAllowSimulated, wasm } = this.#options
    return verifyReceipt(file, {
      policy: this.#policy,
      audience: this.#audience,
      dangerouslyAllowSimulated: dangerouslyAllowSimulated === true,
      ...(wasm && { wasm }),
    })
  }

  #begin(): void {
    this.#attempt = {}
    if (isPassing(this.state.status)) this.#become({ ...this.#state, renewing: true })
    else this.#become({ ...NO_PROOF, status: 'checking', provenAtMs: this.#state.provenAtMs })
  }

  async #ready(attempt: Attempt | undefined, expiresAtMs: number): Promise<void> {
    const verdict = await attempt?.own?.catch(() => undefined)
    // A later attestation has begun: its end says more.
    if (attempt !== this.#attempt) return
    const { provenAtMs } = this.#state
    const evidence = attempt?.evidence
    if (verdict === undefined)
      this.#become({ ...NO_PROOF, status: 'refused', problem: 'unverified', provenAtMs, evidence })
    else if (verdict.result === 'fail') this.#become({ ...NO_PROOF, status: 'refused', verdict, provenAtMs, evidence })
    else if (verdict.key.publicKey !== attempt?.clientKey)
      this.#become({ ...NO_PROOF, status: 'refused', problem: 'other-key', verdict, provenAtMs, evidence })
    else
      this.#become({
        ...NO_PROOF,
        status: answerOf(verdict),
        verdict,
        provenAtMs: evidence?.receivedAtMs,
        expiresAtMs,
        evidence,
      })
  }

  async #failed(attempt: Attempt | undefined, { reason, error }: FailedEvent): Promise<void> {
    const own = await attempt?.own?.catch(() => undefined)
    if (attempt !== this.#attempt) return
    const problem = { code: error.code, reason: error.message.replace(` (${error.code})`, '') }
    const isBackground = reason === 'expiring' || reason === 'silent'
    // The key that is held stays in use where the failure says nothing of the service. For every other reason, such as a gateway that is
    // gone, the client has given up its key.
    const isOfService = error.verdict !== undefined || error.code.startsWith('wasm.')
    if (isPassing(this.state.status) && (isBackground || (reason === 'renew' && !isOfService))) {
      this.#become({ ...this.#state, renewing: false, problem: isBackground ? undefined : problem })
      return
    }
    const verdict = own?.result === 'fail' ? own : error.verdict
    const { provenAtMs } = this.#state
    this.#become({ ...NO_PROOF, status: 'refused', verdict, problem, provenAtMs, evidence: attempt?.evidence })
  }

  #become(state: ProofState): void {
    this.#state = state
    this.#arm()
    this.#notify()
  }

  /** Timers may fire a little early, and take no longer time than that: a proof that is not over is waited for again. */
  #arm(): void {
    clearTimeout(this.#expiry)
    const { expiresAtMs } = this.#state
    if (expiresAtMs === undefined) return
    const left = Math.min(Math.max(1, expiresAtMs - Date.now()), longestTimerMs)
    this.#expiry = setTimeout(() => {
      if (isPassing(this.state.status)) this.#arm()
    }, left)
  }

  #notify(): void {
    for (const listener of this.#listeners) listener()
  }

  #isOver(): boolean {
    const { status, expiresAtMs } = this.#state
    return isPassing(status) && expiresAtMs !== undefined && Date.now() >= expiresAtMs
  }
}

type FailedEvent = Extract<ConnectEvent, { type: 'failed' }>

interface Attempt {
  evidence?: Evidence
  /** This package's own verification of `evidence`. */
  own?: Promise<Verdict>
  /** The key that the client took, in hex. */
  clientKey?: string
}

/** As the client reads it: text and bytes are taken as they are. A copy, since the caller may change its own. */
function policyBytes(policy: ProofOptions['policy']): Uint8Array {
  if (policy instanceof Uint8Array) return policy.slice()
  // Bytes of this realm, also where a test environment takes the encoder from another one.
  return new Uint8Array(new TextEncoder().encode(typeof policy === 'string' ? policy : JSON.stringify(policy)))
}

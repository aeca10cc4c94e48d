import type { OpenedClient } from '../../src/connect.js'
import { BlindLlamaError } from '../../src/errors.js'
import type { AttestReason, ConnectEvent } from '../../src/events.js'
import type { ConnectOptions } from '../../src/options.js'
import type { Open } from '../../src/react/session.js'
import type { FailedVerdict, PassedVerdict } from '../../src/verdict.js'

/**
 * Clients whose attestations end when the test says so.
 *
 * What these tests tell is when components attest, share and let go: that needs an attestation that is *under way*, for as
 * long as a test looks at it, and one that fails on demand. The real client is told by `libraries.test.ts`, and end to end by
 * the chat. The order of events is that of `ConnectEvent`.
 */
export class HeldClients {
  readonly opened: HeldClient[] = []
  readonly open: Open = (options) => {
    const client = new HeldClient(options)
    this.opened.push(client)
    return client
  }

  get last(): HeldClient {
    const client = this.opened.at(-1)
    if (client === undefined) throw new Error('nothing was opened yet')
    return client
  }
}

export class HeldClient implements Pick<OpenedClient, 'fetch' | 'attest' | 'close'> {
  readonly options: ConnectOptions<boolean>
  readonly attestations: string[] = []
  closed = false
  /** Of the attestation that was told last, unless a test emits `failed` itself. */
  #reason: AttestReason = 'connect'
  #settle: Held = hold()

  constructor(options: ConnectOptions<boolean>) {
    this.options = options
  }

  readonly fetch: typeof globalThis.fetch = async () => {
    if (this.closed) throw new BlindLlamaError('client.closed', 'The client was closed')
    return new Response('through the client')
  }

  readonly attest = async (reason: 'connect' | 'renew'): Promise<void> => {
    this.attestations.push(reason)
    this.#settle = hold()
    this.emit({ type: 'attesting', reason })
    await this.#settle.promise
  }

  readonly close = (): void => {
    this.closed = true
  }

  emit(event: ConnectEvent): void {
    if (event.type === 'attesting') this.#reason = event.reason
    this.options.onEvent?.(event)
  }

  /** Ends the attestation under way well. */
  pass(verdict: PassedVerdict = passed('first')): void {
    this.emit({ type: 'verdict', verdict })
    this.emit({ type: 'ready', expiresInMs: verdict.key.validForMs })
    this.#settle.resolve()
  }

  /** Ends it as the verifier would that refuses. */
  refuse(verdict: FailedVerdict = failed()): void {
    this.emit({ type: 'verdict', verdict })
    this.fail(new BlindLlamaError(verdict.code, verdict.detail, { verdict }))
  }

  fail(error: BlindLlamaError): void {
    this.emit({ type: 'failed', reason: this.#reason, error })
    this.#settle.reject(error)
  }

  /** Ends it as a defect would: without an event. */
  break(error: Error): void {
    this.#settle.reject(error)
  }
}

interface Held {
  promise: Promise<void>
  resolve: () => void
  reject: (error: Error) => void
}

function hold(): Held {
  const held = {} as Held
  held.promise = new Promise<void>((resolve, reject) => Object.assign(held, { resolve, reject }))
  // An attestation that the client makes by itself has nobody who waits.
  held.promise.catch(() => {})
  return held
}

export function passed(release: string): PassedVerdict {
  return {
    version: 1,
    result: 'pass',
    simulated: false,
    assurance: 'hardware-tpm',
    release,
    steps: [{ id: 'policy', status: 'pass', code: 'ok', detail: 'The policy is well-formed.' }],
    key: {
      instance: 'a',
      epochId: '00',
      keyConfig: '00',
      keyId: 1,
      kemId: 32,
      kdfId: 1,
      aeadId: 1,
      publicKey: '00',
      serverTimeMs: 0,
      validForMs: 60_000,
    },
  }
}

export function failed(): FailedVerdict {
  return {
    version: 1,
    result: 'fail',
    code: 'ak.untrusted',
    detail: 'No trust anchor of the policy vouches for this attestation key.',
    steps: [
      { id: 'policy', status: 'pass', code: 'ok', detail: 'The policy is well-formed.' },
      { id: 'ak.trust', status: 'fail', code: 'ak.untrusted', detail: 'No anchor has this Name.' },
    ],
  }
}

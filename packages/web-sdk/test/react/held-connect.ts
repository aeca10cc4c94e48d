import type { BlindLlamaClient } from '../../src/connect.js'
import { BlindLlamaError } from '../../src/errors.js'
import type { ConnectEvent } from '../../src/events.js'
import type { ConnectOptions } from '../../src/options.js'
import type { Connect } from '../../src/react/session.js'
import type { FailedVerdict, PassedVerdict } from '../../src/verdict.js'

/**
 * A `connect` whose attestations end when the test says so.
 *
 * What these tests tell is when components attest, share and let go: that needs an attestation that is *under way*, for as
 * long as a test looks at it, and one that fails on demand. The real one, against a real gateway, is told end to end by
 * the chat. The order of events is that of `ConnectEvent`.
 */
export class HeldConnect {
  readonly attempts: Attempt[] = []
  readonly connect: Connect = async (options) => {
    const attempt = new Attempt(options)
    this.attempts.push(attempt)
    return attempt.client
  }

  get last(): Attempt {
    const attempt = this.attempts.at(-1)
    if (attempt === undefined) throw new Error('nothing has connected yet')
    return attempt
  }
}

export class Attempt {
  readonly options: ConnectOptions<boolean>
  readonly client: Promise<BlindLlamaClient<boolean>>
  readonly fetch: typeof globalThis.fetch = async () => new Response()
  renewals = 0
  closed = false
  #settle: Held

  constructor(options: ConnectOptions<boolean>) {
    this.options = options
    const held = hold()
    this.#settle = held
    this.emit({ type: 'attesting', reason: 'connect' })
    this.client = held.promise.then(() => this.#client())
  }

  emit(event: ConnectEvent): void {
    this.options.onEvent?.(event)
  }

  /** Ends the attestation under way well. */
  pass(verdict: PassedVerdict = passed('first')): void {
    this.emit({ type: 'verdict', verdict })
    this.emit({ type: 'ready', expiresInMs: verdict.key.validForMs })
    this.verdict = verdict
    this.#settle.resolve()
  }

  /** Ends it as the verifier would that refuses. */
  refuse(verdict: FailedVerdict = failed()): void {
    this.emit({ type: 'verdict', verdict })
    this.fail(new BlindLlamaError(verdict.code, verdict.detail, { verdict }))
  }

  fail(error: BlindLlamaError): void {
    this.emit({ type: 'failed', error })
    this.#settle.reject(error)
  }

  verdict: PassedVerdict = passed('first')

  #client(): BlindLlamaClient<boolean> {
    const current = (): PassedVerdict => this.verdict
    return {
      fetch: this.fetch,
      get verdict() {
        return current()
      },
      renew: async () => {
        this.renewals += 1
        const held = hold()
        this.#settle = held
        this.emit({ type: 'attesting', reason: 'renew' })
        await held.promise
      },
      close: () => {
        this.closed = true
        this.emit({ type: 'closed' })
      },
    }
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

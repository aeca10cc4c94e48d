import type { BlindLlamaClient } from './connect.js'
import { BlindLlamaError, type Code } from './errors.js'
import type { FailedVerdict, SimulatedVerdict } from './verdict.js'

/** The verdict of a client that has verified nothing. */
export interface FakeVerdict extends SimulatedVerdict {
  readonly fake: true
}

/** A client for tests: code that asks for a `BlindLlamaClient` without `<true>` does not compile with it. */
export interface FakeClient extends BlindLlamaClient<true> {
  readonly fake: true
  readonly verdict: FakeVerdict
}

export interface FakeOptions {
  /** Base URL of the service that it stands for; requests to others reject, as those of a client do. Default: `https://fake.invalid/`. */
  url?: string | URL
  /** Answers in the place of the service. */
  respond: (request: Request) => Response | Promise<Response>
}

/** What bundlers write in the place of exactly these words. */
declare const process: { readonly env: { readonly NODE_ENV?: string } }

/**
 * A client that attests nothing and encrypts nothing, for tests of what uses one. `verdict.fake` is true, and the type says so.
 *
 * ```ts
 * const client = fakeClient({ respond: () => Response.json({ choices: [] }) })
 * ```
 *
 * @throws {BlindLlamaError} `client.fake` unless NODE_ENV is `test` or `development`, as test runners and dev servers set it
 */
export function fakeClient({ url = 'https://fake.invalid/', respond }: FakeOptions): FakeClient {
  assertNoProduction()
  const base = new URL(url)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  let isClosed = false
  return {
    fake: true,
    verdict: fakeVerdict,
    async fetch(input, init) {
      if (isClosed) throw new BlindLlamaError('client.closed', 'The client was closed')
      const request = new Request(input instanceof Request ? input : new URL(input, base), init)
      request.signal.throwIfAborted()
      if (!request.url.startsWith(base.href))
        throw new BlindLlamaError('client.destination', `The request is not for ${base.href}: nothing was sent`)
      return respond(request)
    },
    async renew() {
      if (isClosed) throw new BlindLlamaError('client.closed', 'The client was closed')
    },
    close() {
      isClosed = true
    },
  }
}

/**
 * The error that `connect` rejects with where the verifier refuses, for tests of what shows it.
 *
 * @throws {BlindLlamaError} `client.fake` as `fakeClient`
 */
export function fakeRefusal(code: FailedVerdict['code'] & Code, detail = ''): BlindLlamaError {
  assertNoProduction()
  const verdict: FailedVerdict = { version: 1, result: 'fail', code, detail, steps: [] }
  return new BlindLlamaError(code, 'A refusal made up by a test', { verdict })
}

const fakeVerdict: FakeVerdict = {
  fake: true,
  version: 1,
  result: 'pass',
  simulated: true,
  assurance: 'simulated',
  steps: [],
  release: 'fake',
  anchor: { kind: 'simulated', assurance: 'simulated', caveat: 'This is a test double. Nothing was verified.' },
  key: {
    instance: '',
    epochId: '',
    keyConfig: '',
    keyId: 0,
    kemId: 0,
    kdfId: 0,
    aeadId: 0,
    publicKey: '',
    serverTimeMs: 0,
    validForMs: 0,
  },
}

function assertNoProduction(): void {
  const mode = modeOfBuild()
  if (mode === 'test' || mode === 'development') return
  throw new BlindLlamaError(
    'client.fake',
    `A test double is refused while NODE_ENV is ${mode ?? 'not set'}. Use connect, or set NODE_ENV to test`,
  )
}

function modeOfBuild(): string | undefined {
  try {
    return process.env.NODE_ENV
  } catch {
    // A page whose bundler wrote nothing: it may be one of production.
    return undefined
  }
}

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type AttestationClientOptions, attestationClient } from '../../src/attestation/attest.js'
import { hex } from '../../src/bytes.js'
import { BlindLlamaError } from '../../src/errors.js'
import type { AttestReason, ConnectEvent } from '../../src/events.js'
import { loadHybrid } from '../../src/hybrid.js'
import { connect } from '../../src/index.js'
import { type ConnectOptions, settingsOf } from '../../src/options.js'
import type { FailedVerdict, PassedVerdict, SimulatedVerdict, Verdict } from '../../src/verdict.js'
import type { Verifier } from '../../src/verifier/verifier.js'
import { failed, passed } from '../react/held-client.js'
import { pattern } from '../support/bytes.js'

const never = (): Promise<never> => new Promise(() => {})
/** The point of order greater than 8 that X25519 begins with: encapsulation to it works. */
const publicKey = hex(Uint8Array.from({ length: 32 }, (_, at) => (at === 0 ? 9 : 0)))

function verdictOf(change: Partial<PassedVerdict> = {}): PassedVerdict {
  const verdict = passed('release')
  return { ...verdict, ...change, key: { ...verdict.key, publicKey } }
}

/** A verifier that says what it is told to say: what these tests are about is what becomes of its word. */
function saying(verdict: Verdict): Verifier {
  return { verify: () => verdict, staticPart: () => undefined, run: (work) => work() }
}

let events: ConnectEvent[]

function attest(
  change: Partial<ConnectOptions<boolean>> = {},
  parts: Partial<AttestationClientOptions> & { verdict?: Verdict; fetch?: typeof fetch } = {},
  reason: AttestReason = 'connect',
): Promise<unknown> {
  events = []
  const { verdict = verdictOf(), fetch = async () => evidence(), ...others } = parts
  const options = { url: 'https://service.example/', policy: '{}', ...change }
  return attestationClient({
    settings: settingsOf(options, fetch),
    load: async () => saying(verdict),
    loadHybrid,
    emit: (event) => events.push(event),
    ...others,
  })(reason, new AbortController().signal)
}

/** The addresses that are asked, one attestation after the other by one client. */
async function askedTwice(change: Partial<ConnectOptions<boolean>>): Promise<string[]> {
  const asked: string[] = []
  const options = { url: 'https://service.example/', policy: '{}', ...change }
  const attestOnce = attestationClient({
    settings: settingsOf(options, async (address) => {
      asked.push(String(address))
      return evidence()
    }),
    load: async () => ({ ...saying(verdictOf()), staticPart: () => pattern(20) }),
    loadHybrid,
    emit: () => {},
  })
  for (const reason of ['connect', 'renew'] as const) await attestOnce(reason, new AbortController().signal)
  return asked
}

function evidence(): Response {
  return new Response(pattern(10), { headers: { 'content-type': 'application/cbor' } })
}

async function slowly(): Promise<Response> {
  vi.advanceTimersByTime(5_000)
  return evidence()
}

async function unloadable(): Promise<never> {
  throw new BlindLlamaError('wasm.load', 'not there')
}

afterEach(() => void vi.useRealTimers())

describe('a verdict', () => {
  test('that passed gives a key', async () => {
    expect(await attest()).toMatchObject({ instance: 'a', verdict: { result: 'pass' } })
    expect(events.at(-1)).toMatchObject({ type: 'ready' })
  })

  test('that failed gives none, and its code', async () => {
    const verdict: FailedVerdict = failed()
    await expect(attest({}, { verdict })).rejects.toMatchObject({ code: 'ak.untrusted', verdict })
    expect(events.map(({ type }) => type)).not.toContain('ready')
  })

  test('of a simulated TPM gives none to a page that did not allow it, whatever the verifier says', async () => {
    const verdict = { ...verdictOf(), simulated: true } as unknown as SimulatedVerdict
    await expect(attest({}, { verdict })).rejects.toMatchObject({ code: 'ak.simulated' })
    expect(events.map(({ type }) => type)).not.toContain('ready')
    expect(await attest({ dangerouslyAllowSimulated: true }, { verdict })).toMatchObject({ verdict })
  })

  test('counts from the question on, and not from the answer', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'Date'] })
    const { lifetime } = (await attest({}, { fetch: slowly })) as { lifetime: { remainingMs: () => number } }
    expect(lifetime.remainingMs()).toBe(60_000 - 5_000)
  })
})

test('the question is asked without cookies, referrer, redirects and caches', async () => {
  const fetch = vi.fn<typeof globalThis.fetch>(async () => evidence())
  await attest({}, { fetch })
  expect(fetch).toHaveBeenCalledOnce()
  expect(fetch.mock.calls[0]?.[1]).toMatchObject({
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
    redirect: 'error',
    cache: 'no-store',
  })
})

describe('an attestation', () => {
  test.each<[AttestReason, boolean]>([
    ['gone', true],
    ['key-unknown', true],
    ['connect', false],
    ['expired', false],
  ])('for the reason %s asks again behind a proxy that has no gateway: %s', async (reason, again) => {
    let asked = 0
    const fetch = async (): Promise<Response> => {
      asked += 1
      return asked === 1 ? new Response('', { status: 502 }) : evidence()
    }
    const attested = attest({}, { fetch }, reason)
    if (again) await expect(attested).resolves.toMatchObject({ instance: 'a' })
    else await expect(attested).rejects.toMatchObject({ code: 'evidence.status' })
    expect(asked).toBe(again ? 2 : 1)
  })

  test('ends within the time that the caller gives it, and lets go of what is under way', async () => {
    vi.useFakeTimers()
    let signal: AbortSignal | null | undefined
    const fetch: typeof globalThis.fetch = async (_, init) => {
      signal = init?.signal
      return never()
    }
    const attesting = expect(attest({ attestTimeoutMs: 2000 }, { fetch })).rejects.toMatchObject({
      code: 'client.attest_timeout',
    })
    await vi.advanceTimersByTimeAsync(2000)
    await attesting
    expect(signal?.aborted).toBe(true)
    expect(events.at(-1)).toMatchObject({ type: 'failed', error: { code: 'client.attest_timeout' } })
    expect(vi.getTimerCount()).toBe(0)
  })

  test.each<[string, Partial<AttestationClientOptions>]>([
    ['a verifier that is never loaded', { load: never }],
    ['a verifier that hangs after its evidence', { load: async () => never() }],
  ])('ends in 40 s where nobody gave it a time, with %s', async (_, parts) => {
    vi.useFakeTimers()
    const attesting = expect(attest({}, parts)).rejects.toMatchObject({ code: 'client.attest_timeout' })
    await vi.advanceTimersByTimeAsync(40_000)
    await attesting
  })

  test('ends at once where its verifier cannot be loaded while it waits for its turn, and nothing is left unhandled', async () => {
    const unhandled = vi.fn()
    process.on('unhandledRejection', unhandled)
    try {
      let waiting: AbortSignal | undefined
      const state = {
        load: async () => undefined,
        store: async () => {},
        exclusive: async (_: unknown, signal: AbortSignal) => {
          waiting = signal
          return never()
        },
      }
      await expect(attest({ state }, { load: unloadable })).rejects.toMatchObject({ code: 'wasm.load' })
      expect(waiting?.aborted, 'the lock is not waited for any more').toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect(unhandled).not.toHaveBeenCalled()
    } finally {
      process.off('unhandledRejection', unhandled)
    }
  })

  test.each([0, -1, 1.5, Number.NaN, 2 ** 31, '1000' as unknown as number])(
    'has no time of %s',
    async (attestTimeoutMs) => {
      expect(() => settingsOf({ url: 'https://service.example/', policy: '{}', attestTimeoutMs })).toThrow(
        expect.objectContaining({ code: 'client.options' }),
      )
    },
  )
})

test.each(['atestTimeoutMs', 'resent', 'dangerouslyAllowSimulate', 'fetch'])(
  'connect refuses %s, which is none of its options',
  async (name) => {
    const options = { url: 'https://service.example/', policy: '{}', [name]: undefined }
    await expect(connect(options)).rejects.toMatchObject({
      code: 'client.options',
      message: expect.stringContaining(`\`${name}\` is none of the options`),
    })
  },
)

test('connect refuses a value of `resend` that it does not know', () => {
  const options = { url: 'https://service.example/', policy: '{}', resend: 'safe' } as unknown as ConnectOptions
  expect(() => settingsOf(options)).toThrow(expect.objectContaining({ code: 'client.options' }))
  expect(settingsOf({ url: 'https://service.example/', policy: '{}' })).toMatchObject({ resend: 'repeatable' })
})

describe('in a page a path is an address of its own server', () => {
  beforeEach(() => void vi.stubGlobal('location', { href: 'https://page.example/app/index.html' }))
  afterEach(() => void vi.unstubAllGlobals())

  test.each([
    ['/', 'https://page.example/'],
    ['/llm', 'https://page.example/llm/'],
    ['//other.example', 'https://other.example/'],
  ])('%s is %s', (url, href) => {
    const settings = settingsOf({ url, relay: '/relay', policy: '{}' })
    expect([settings.base.href, settings.endpoint.href]).toEqual([href, 'https://page.example/relay/'])
  })

  test.each(['service.example', '', '.', './llm', 'localhost:8080', 'undefined'])('%j is none', (url) => {
    expect(() => settingsOf({ url, policy: '{}' })).toThrow(expect.objectContaining({ code: 'client.options' }))
  })
})

test('outside of a page a path is no address', () => {
  expect(() => settingsOf({ url: '/', policy: '{}' })).toThrow(expect.objectContaining({ code: 'client.options' }))
})

test.each([undefined, null, 'https://service.example/', {}])(
  'connect without the options that it needs says which one: %j',
  async (given) => {
    const connecting = connect(given as unknown as ConnectOptions)
    await expect(connecting).rejects.toMatchObject({
      code: 'client.options',
      message: expect.stringContaining('`url`'),
    })
  },
)

describe('the static part of the evidence before', () => {
  test('is named to the service itself', async () => {
    const [first, second] = await askedTwice({})
    expect(first).not.toContain('have=')
    expect(second).toMatch(/^https:\/\/service\.example\/.*&have=[\w-]{43}$/)
  })

  test('is not named through a relay: whoever stands behind it would know the visitor again', async () => {
    const asked = await askedTwice({ relay: 'https://relay.example/' })
    expect(asked).toHaveLength(2)
    for (const address of asked) expect(address).toMatch(/^https:\/\/relay\.example\/[^&]*&v=1$/)
  })
})

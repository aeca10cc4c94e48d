import type { Mutant } from '../../mutant.ts'

const outer = 'test/channel/outer.test.ts'
const fetchTests = 'test/channel/fetch.test.ts'
const attest = 'test/attestation/attest.test.ts'
const hook = 'test/react/use-blindllama.test.ts'
const itsFetch = 'test/react/its-fetch.test.ts'
const innerRequest = 'test/channel/inner-request.test.ts'

/** The page's `fetch`, of the hook and of the client. */
export const pageFetch: readonly Mutant[] = [
  {
    name: 'sdk: fetch of a hook without a session rejects',
    file: 'react/component-fetch.ts',
    find: 'if (!mounts) throw idle()',
    replace: 'if (!mounts) return globalThis.fetch(input, init)',
    tests: [itsFetch, 'test/react/libraries.test.ts'],
  },
  {
    name: 'sdk: fetch of a hook that never mounts ends',
    file: 'react/component-fetch.ts',
    find: 'within(mountMs, idle, undefined, () => this.#open)',
    replace: 'this.#open',
    tests: [itsFetch],
    hangs: true,
  },
  {
    name: 'sdk: fetch of a hook is left by its caller while it waits for the mount',
    file: 'react/component-fetch.ts',
    find: '          signal,\n',
    replace: '          undefined,\n',
    tests: [itsFetch],
    hangs: true,
  },
  {
    name: 'sdk: fetch of a session without a client rejects',
    file: 'react/session.ts',
    find: "throw this.#state.error ?? new BlindLlamaError('client.closed', 'The component is not mounted any more')",
    replace: 'return globalThis.fetch(input, init)',
    tests: [hook],
  },
  {
    name: 'sdk: a retry leaves the valid key in use',
    file: 'react/session.ts',
    find: "if (reason === 'renew' && state.status === 'ready' && Date.now() < state.expiresAt) {",
    replace: 'if (Date.now() < 0) {',
    tests: [hook],
  },
  {
    name: 'sdk: a retry after the end of the key shows that there is none',
    file: 'react/session.ts',
    find: ' && Date.now() < state.expiresAt) {',
    replace: ') {',
    tests: [hook],
  },
  {
    name: 'sdk: a refused renewal ends ready',
    file: 'react/session.ts',
    find: "if (state.status === 'ready' && !isTerminal(failure))",
    replace: "if (state.status === 'ready')",
    tests: [hook],
  },
  {
    name: 'sdk: a refused renewal in the background leaves the key in use',
    file: 'react/session.ts',
    find: "    if (reason === 'expiring') return\n    const",
    replace: '    const',
    tests: [hook],
  },
  {
    name: 'sdk: an idle fetch is known as one of ours',
    file: 'react/component-fetch.ts',
    find: "typeof globalThis.fetch === 'function' ? over(fetch, platformFetch()) : fetch",
    replace: 'mounts ? over(fetch, platformFetch()) : fetch',
    tests: [itsFetch],
  },
  {
    name: 'sdk: a failure told twice does not end the attempt after it',
    file: 'react/session.ts',
    find: 'if (!BlindLlamaError.isInstance(error)) this.#failed(error, reason)',
    replace: 'this.#failed(error, reason)',
    tests: [hook],
  },
  {
    name: 'sdk: a session that ended is not shown again',
    file: 'react/session.ts',
    find: 'this.#closed = true\n    this.#client?.close()',
    replace: 'this.#closed = true',
    tests: [hook],
  },
  {
    name: 'sdk: components with other policies do not share a session',
    file: 'react/options.ts',
    find: '    policyKey(policy),\n',
    replace: '',
    tests: [hook],
  },
  {
    name: 'sdk: the opt-in for simulated TPMs is no shared session',
    file: 'react/options.ts',
    find: '    dangerouslyAllowSimulated === true,\n',
    replace: '',
    tests: [hook],
  },
  {
    name: 'sdk: the platform fetch is taken once',
    file: 'channel/attempt.ts',
    find: 'return await fetch(url,',
    replace: 'return await globalThis.fetch(url,',
    tests: [outer],
  },
  {
    name: 'sdk: the platform fetch is found below one of ours',
    file: 'outer-fetch.ts',
    find: 'return beneath.get(fetch) ?? fetch.bind(globalThis)',
    replace: 'return fetch.bind(globalThis)',
    tests: ['test/outer-fetch.test.ts'],
  },
  {
    name: 'sdk: the channel refuses the endpoints of the protocol',
    file: 'channel/inner-request.ts',
    find: 'if ([base, endpoint].some((at) =>',
    replace: 'if ([].some((at: URL) =>',
    tests: [outer],
  },
  {
    name: 'sdk: nothing is sent to another origin than the service',
    file: 'channel/inner-request.ts',
    find: 'if (url.origin !== base.origin || ',
    replace: 'if (',
    tests: [innerRequest],
  },
  {
    name: 'sdk: nothing is sent beside the base path of the service',
    file: 'channel/inner-request.ts',
    find: ' || !url.pathname.startsWith(base.pathname))',
    replace: ')',
    tests: [innerRequest],
  },
  {
    name: 'sdk: cookies of the page do not travel inside',
    file: 'channel/inner-request.ts',
    find: 'accept-encoding cookie origin',
    replace: 'accept-encoding origin',
    tests: [innerRequest],
  },
  {
    name: 'sdk: cookies do not travel outside',
    file: 'outer-fetch.ts',
    find: "credentials: 'omit'",
    replace: "credentials: 'include'",
    tests: [outer, attest],
  },
  {
    name: 'sdk: redirects are not followed',
    file: 'outer-fetch.ts',
    find: "redirect: 'error'",
    replace: "redirect: 'follow'",
    tests: [fetchTests, 'test/evidence/ask.test.ts'],
  },
  {
    name: 'sdk: no referrer names the page',
    file: 'outer-fetch.ts',
    find: "referrerPolicy: 'no-referrer'",
    replace: "referrerPolicy: 'unsafe-url'",
    tests: [outer, attest],
  },
  {
    name: 'sdk: nothing is kept in a cache',
    file: 'outer-fetch.ts',
    find: "cache: 'no-store'",
    replace: "cache: 'default'",
    tests: [outer, attest],
  },
]

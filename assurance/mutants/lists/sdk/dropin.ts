import type { Mutant } from '../../mutant.ts'

const endpoints = 'test/dropin/endpoints.test.ts'
const polluted = 'test/dropin/polluted-prototype.test.ts'
const policy = 'test/dropin/pinned-policy.test.ts'
const signed = 'test/dropin/signed-policy.test.ts'
const start = 'test/dropin/start.test.ts'

/** What the drop-in script declares, and the policy that its tag pins. Its guards of the page have scenarios in `e2e/specs/dropin.spec.ts`. */
export const dropIn: readonly Mutant[] = [
  {
    name: 'sdk: a policy by address needs a hash',
    file: 'dropin/pinned-policy.ts',
    find: 'if (tokens.length === 0)',
    replace: 'if (tokens.length < 0)',
    tests: [policy],
  },
  {
    name: 'sdk: a malformed hash pins no policy',
    file: 'dropin/pinned-policy.ts',
    find: 'tokens.find((token) => !hashForm.test(token))',
    replace: 'tokens.find(() => false)',
    tests: [policy],
  },
  {
    name: 'sdk: the policy at an address has the pinned hash',
    file: 'dropin/pinned-policy.ts',
    find: 'if (hash.slice(7) === btoa(String.fromCharCode(...new Uint8Array(digest)))) return bytes',
    replace: 'if (digest.byteLength > 0) return bytes',
    tests: [policy],
  },
  {
    name: 'sdk: a declared path is found in every spelling',
    file: 'dropin/endpoints.ts',
    find: '[url.pathname.toLowerCase(), canonical(url.pathname)]',
    replace: '[url.pathname]',
    tests: [endpoints],
  },
  {
    name: 'sdk: what lies about the endpoint of the protocol is declared',
    file: 'dropin/endpoints.ts',
    find: 'spellings.every(isBelow(each.pathname.toLowerCase()))',
    replace: 'spellings.some(isBelow(each.pathname.toLowerCase()))',
    tests: [endpoints],
  },
  {
    name: 'sdk: a declared path is one of the service',
    file: 'dropin/endpoints.ts',
    find: '    url.origin !== base.origin ||\n    !url.pathname.startsWith(base.pathname)\n',
    replace: '    url.origin !== base.origin\n',
    tests: [endpoints],
  },
  {
    name: 'sdk: a malformed key pins no policy',
    file: 'dropin/pinned-policy.ts',
    find: 'keys.find((key) => !keyForm.test(key))',
    replace: 'keys.find(() => false)',
    tests: [policy],
  },
  {
    name: 'sdk: a hash and keys are never both given',
    file: 'dropin/pinned-policy.ts',
    find: 'if (policyIntegrity !== undefined && policyKeys !== undefined)',
    replace: 'if (policyIntegrity === null)',
    tests: [policy],
  },
  {
    name: 'sdk: every key of the page signed the policy',
    file: 'dropin/signed-policy.ts',
    find: 'if (own.length === 0)',
    replace: 'if (own.length < 0)',
    tests: [signed],
  },
  {
    name: 'sdk: each signature by a key of the page is one over the policy',
    file: 'dropin/signed-policy.ts',
    find: 'if (!(await isSignature(key, signature, message)))',
    replace: 'if (!(await isSignature(key, signature, message)) && own.length === 1)',
    tests: [signed],
  },
  {
    name: 'sdk: a signed policy is in force before its end',
    file: 'dropin/signed-policy.ts',
    find: 'if (nowMs >= notAfterMs)',
    replace: 'if (nowMs > notAfterMs)',
    tests: [signed],
  },
  {
    name: 'sdk: a signed policy has no date in the future',
    file: 'dropin/signed-policy.ts',
    find: 'if (dateMs > nowMs + skewMs)',
    replace: 'if (dateMs < 0)',
    tests: [signed],
  },
  {
    name: 'sdk: a signed policy does not go back',
    file: 'dropin/signed-policy.ts',
    find: 'if (dateMs < newestMs)',
    replace: 'if (dateMs < 0)',
    tests: [signed],
  },
  {
    name: 'sdk: a signed policy has no member more',
    file: 'dropin/signed-policy.ts',
    find: 'members.size !== 3 || ',
    replace: '',
    tests: [signed],
  },
  {
    name: 'sdk: an upgrade is given a list of paths, or none',
    file: 'dropin/start.ts',
    find: '!Array.isArray(paths) || ',
    replace: '',
    tests: [start],
  },
  {
    name: 'sdk: a pattern declares no path',
    file: 'dropin/endpoints.ts',
    find: ' && !noPath.test(path)',
    replace: '',
    tests: [endpoints],
  },
  {
    name: 'sdk: options are those that the caller wrote',
    file: 'known-options.ts',
    find: 'Object.setPrototypeOf({ ...options }, null)',
    replace: '({ ...options })',
    tests: [polluted],
  },
]

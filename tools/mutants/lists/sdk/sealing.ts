import type { Mutant } from '../../mutant.ts'

const fetchTests = 'test/channel/fetch.test.ts'
const attest = 'test/attestation/attest.test.ts'
const keeper = 'test/attestation/keeper.test.ts'
const innerRequest = 'test/channel/inner-request.test.ts'
const gone = 'test/channel/gone.test.ts'
const askAgain = 'test/evidence/ask-again.test.ts'

/** What is sealed, sent, and sent again. */
export const sealing: readonly Mutant[] = [
  {
    name: 'sdk: the shared secret is bound to both public keys, in their order',
    file: 'ohttp/x25519.ts',
    find: 'const context = concat(enc, publicKey)',
    replace: 'const context = concat(publicKey, enc)',
    tests: ['test/ohttp/vectors.test.ts'],
  },
  {
    name: 'sdk: what is expanded has the length that was asked for',
    file: 'ohttp/hkdf.ts',
    find: "  if (length > hashLength) throw new RangeError('more than one block')\n",
    replace: '',
    tests: ['test/ohttp/hkdf.test.ts'],
  },
  {
    name: 'sdk: a key whose time ended while a request was sealed is not used',
    file: 'channel/attempt.ts',
    find: "if (key.lifetime.remainingMs() === 0) return { kind: 'key-expired' }",
    replace: '',
    tests: [fetchTests],
  },
  {
    name: 'sdk: nonces of chunks do not repeat',
    file: 'ohttp/chunk-cipher.ts',
    find: 'counter.getUint32(0) ^ index',
    replace: 'counter.getUint32(0) ^ (index & 0xfff)',
    tests: ['test/ohttp/chunk-cipher.test.ts'],
  },
  {
    name: 'sdk: the counter of chunks does not wrap',
    file: 'ohttp/chunk-cipher.ts',
    find: "if (index > 0xffffffff) throw new RangeError('too many chunks')",
    replace: '',
    tests: ['test/ohttp/chunk-cipher.test.ts'],
  },
  {
    name: 'sdk: the final chunk is sealed as final',
    file: 'ohttp/chunk-cipher.ts',
    find: "return final ? { name: 'AES-GCM', iv, additionalData: finalAad } : { name: 'AES-GCM', iv }",
    replace: "return final ? { name: 'AES-GCM', iv } : { name: 'AES-GCM', iv }",
    tests: ['test/ohttp/chunk-cipher.test.ts'],
  },
  {
    name: 'sdk: requests are padded',
    file: 'channel/attempt.ts',
    find: 'encodeTail(paddedLength(unpadded) - unpadded)',
    replace: 'encodeTail()',
    tests: [fetchTests],
  },
  {
    name: 'sdk: the idempotency key of a caller has its form',
    file: 'channel/inner-request.ts',
    find: 'if (!idempotencyKeyForm.test(idempotencyKey))',
    replace: 'if (idempotencyKey.length < 0)',
    tests: [innerRequest],
  },
  {
    name: 'sdk: a request that is not repeatable is sent to another instance never',
    file: 'channel/send.ts',
    find: 'if (sign && fresh.instance !== key.instance && !(await mayRepeat())) throw sign',
    replace: "if (sign && fresh.instance === '') throw sign",
    tests: [fetchTests],
  },
  {
    name: 'sdk: a sign is heeded once for a request',
    file: 'channel/send.ts',
    find: '    if (sign) throw seen\n    sign = seen',
    replace: '    sign = seen',
    tests: [gone],
    hangs: true,
  },
  {
    name: 'sdk: a posted request has an unknown fate, whatever fails next',
    file: 'channel/send.ts',
    find: 'if (!sign) throw error\n',
    replace: 'if (sign || !sign) throw error\n',
    tests: [fetchTests, gone],
  },
  {
    name: 'sdk: a failed POST has an unknown fate',
    file: 'channel/send.ts',
    find: 'if (readsOnly(request.method)) throw error',
    replace: 'if (request.method) throw error',
    tests: [fetchTests, gone],
  },
  {
    name: 'sdk: an error in front of the gateway is a sign that it is gone',
    file: 'channel/attempt.ts',
    find: 'let sign = gone.has(status)',
    replace: 'let sign = false',
    tests: [gone],
  },
  {
    name: 'sdk: a gateway without room is not gone',
    file: 'channel/attempt.ts',
    find: "    if (problem?.code === 'channel.busy') sign = false\n",
    replace: '',
    tests: [gone],
  },
  {
    name: 'sdk: under never nothing is sent again after a sign',
    file: 'channel/send.ts',
    find: "(allowed === 'repeatable' && (await isRepeatable(request)))",
    replace: '(await isRepeatable(request))',
    tests: [gone],
  },
  {
    name: 'sdk: under never nothing is sent again to an instance that may have forgotten it',
    file: 'channel/send.ts',
    find: "!(unknown && allowed !== 'never')",
    replace: '!unknown',
    tests: [gone],
  },
  {
    name: 'sdk: a stored response is not repeatable',
    file: 'channel/resend.ts',
    find: "    if (route === 'responses' && asked.store !== false) return false\n",
    replace: '',
    tests: ['test/channel/resend.test.ts'],
  },
  {
    name: 'sdk: tools that the server calls are not repeatable',
    file: 'channel/resend.ts',
    find: "({ type }) => type === 'function' || type === 'custom'",
    replace: '() => true',
    tests: ['test/channel/resend.test.ts'],
  },
  {
    name: 'sdk: a key of the application is run once',
    file: 'channel/send.ts',
    find: 'if (renamed || !(await mayRepeat())) throw error',
    replace: 'if (!(await mayRepeat())) throw error',
    tests: [gone],
  },
  {
    name: 'sdk: an answer of which something was given out is not asked for again',
    file: 'channel/open-answer.ts',
    find: '          if (!untouched) throw error\n',
    replace: '',
    tests: [gone],
  },
  {
    name: 'sdk: an answer goes on with one that has the same head',
    file: 'channel/send.ts',
    find: 'if (headOf(other) === headOf(response)) return other',
    replace: 'if (other) return other',
    tests: [gone],
  },
  {
    name: 'sdk: nothing more is sent to a key whose gateway is said to be gone',
    file: 'attestation/keeper.ts',
    find: '    this.expire()\n    return this.#renew(reason, signal)',
    replace: '    return this.#renew(reason, signal)',
    tests: [keeper],
  },
  {
    name: 'sdk: patience with a service that is away ends',
    file: 'evidence/ask-again.ts',
    find: '      if (performance.now() + wait > end) throw error\n',
    replace: '',
    tests: [askAgain],
    hangs: true,
  },
  {
    name: 'sdk: a misspelt option is refused',
    file: 'known-options.ts',
    find: "if (!names.split(' ').includes(name))",
    replace: "if (name === '')",
    tests: [attest],
  },
]

import type { Mutant } from '../../mutant.ts'

const attest = 'test/attestation/attest.test.ts'
const remember = 'test/attestation/remember.test.ts'
const indexedDb = 'test/state/indexed-db.test.ts'

/** Evidence and its waits. */
export const evidence: readonly Mutant[] = [
  {
    name: 'sdk: work that does not listen ends in its time',
    file: 'abort.ts',
    find: 'return await raceAbort(work(own.signal), own.signal)',
    replace: 'return await work(own.signal)',
    tests: ['test/abort.test.ts'],
    hangs: true,
  },
  {
    name: 'sdk: what is under way is let go where a part fails',
    file: 'abort.ts',
    find: '    own.abort(error)\n',
    replace: '',
    tests: ['test/abort.test.ts'],
  },
  {
    name: 'sdk: evidence has a time',
    file: 'evidence/ask.ts',
    find: 'const timeoutMs = 30_000',
    replace: 'const timeoutMs = 3_000_000',
    tests: ['test/evidence/ask.test.ts'],
    hangs: true,
  },
  {
    name: 'sdk: evidence has a size',
    file: 'evidence/ask.ts',
    find: 'readLimited(response, maxBundleBytes)',
    replace: 'readLimited(response, Infinity)',
    tests: ['test/evidence/ask.test.ts'],
  },
  {
    name: 'sdk: evidence has its media type',
    file: 'evidence/ask.ts',
    find: "if (mediaType(response) !== 'application/cbor') {",
    replace: 'if (response.status < 0) {',
    tests: ['test/evidence/ask.test.ts'],
  },
  {
    name: 'sdk: nothing of evidence is returned through a relay',
    file: 'attestation/attest.ts',
    find: 'if (settings.endpoint === settings.base) await cache.keep(carried)',
    replace: 'await cache.keep(carried)',
    tests: [attest],
  },
  {
    name: 'sdk: an attestation has a time',
    file: 'attestation/attest.ts',
    find: 'await inTime(attestTimeoutMs, signal,',
    replace: 'await inTime(2 ** 31 - 1, signal,',
    tests: [attest],
    hangs: true,
  },
  {
    name: 'sdk: a verifier that cannot be loaded is told while a turn is waited for',
    file: 'attestation/attest.ts',
    find: 'await Promise.all([state ? runExclusive(state, visit, own) : visit(), verifier])',
    replace: 'await Promise.all([state ? runExclusive(state, visit, own) : visit()])',
    tests: [attest],
  },
  {
    name: 'sdk: a turn that does not come has a time',
    file: 'attestation/remember.ts',
    find: 'return await within(timeoutMs, late, signal, work)',
    replace: 'return await work(signal)',
    tests: [remember],
    hangs: true,
  },
  {
    name: 'sdk: a turn that comes too late is not used',
    file: 'attestation/remember.ts',
    find: '          waiting.throwIfAborted()\n',
    replace: '',
    tests: [remember],
  },
  {
    name: 'sdk: a state that another tab replaced is not replaced again',
    file: 'attestation/remember.ts',
    find: ' !== false) return told',
    replace: ' !== undefined) return told',
    tests: [remember, 'test/connect/state.test.ts'],
  },
  {
    name: 'sdk: a verdict that failed is told where its withdrawals cannot be stored',
    file: 'attestation/remember.ts',
    find: "if (told.result === 'fail') return told\n",
    replace: '',
    tests: [remember],
  },
  {
    name: 'sdk: what a failed verdict withdrew is stored',
    file: 'attestation/remember.ts',
    find: 'if (nextState === undefined) return told',
    replace: "if (nextState === undefined || told.result === 'fail') return told",
    tests: [remember],
  },
  {
    name: 'sdk: the database has a time',
    file: 'state/indexed-db.ts',
    find: 'return await within(timeoutMs, late, undefined, async (signal) => {',
    replace: 'return await within(2 ** 31 - 1, late, undefined, async (signal) => {',
    tests: [indexedDb],
    hangs: true,
  },
  {
    name: 'sdk: the database compares what it replaces',
    file: 'state/indexed-db.ts',
    find: 'if (!equal(stateOf(await settled(store.get(key))), previous)) return false',
    replace: '',
    tests: [indexedDb],
  },
  {
    name: 'sdk: a transaction that is late writes nothing',
    file: 'state/indexed-db.ts',
    find: "        signal.addEventListener('abort', () => abort(transaction))\n",
    replace: '',
    tests: [indexedDb],
  },
  {
    name: 'sdk: evidence is asked for again where the key was not known',
    file: 'attestation/attest.ts',
    find: "reason === 'gone' || reason === 'key-unknown'",
    replace: "reason === 'gone'",
    tests: ['test/attestation/attest.test.ts'],
  },
]

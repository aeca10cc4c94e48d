import type { Mutant } from '../../mutant.ts'

const attest = 'test/attestation/attest.test.ts'
const keyManager = 'test/attestation/key-manager.test.ts'
const gateway = 'test/connect/real-gateway.test.ts'
const askAgain = 'test/evidence/ask-again.test.ts'

/** Verdict and key. */
export const verdictAndKey: readonly Mutant[] = [
  {
    name: 'sdk: a failed verdict gives no key',
    file: 'attestation/attest.ts',
    find: "if (verdict.result !== 'pass') throw",
    replace: "if (verdict.result !== 'pass' && verdict.steps.length > 99) throw",
    tests: [attest],
  },
  {
    name: 'sdk: a simulated verdict gives no key without the opt-in',
    file: 'attestation/attest.ts',
    find: 'if (verdict.simulated && !allowSimulated)',
    replace: 'if (false)',
    tests: [attest],
  },
  {
    name: 'sdk: the opt-in for simulated TPMs is exactly true',
    file: 'options.ts',
    find: 'allowSimulated: dangerouslyAllowSimulated === true',
    replace: 'allowSimulated: dangerouslyAllowSimulated !== false',
    tests: [gateway],
  },
  {
    name: 'sdk: the time of a key begins with the question',
    file: 'attestation/attest.ts',
    find: 'lifetime: new Lifetime(start, ',
    replace: 'lifetime: new Lifetime(instant(), ',
    tests: [attest],
  },
  {
    name: 'sdk: every question has a nonce of its own',
    file: 'evidence/ask-again.ts',
    find: 'const nonce: Bytes = crypto.getRandomValues(new Uint8Array(32))',
    replace: 'const nonce: Bytes = new Uint8Array(32)',
    tests: [gateway, attest, askAgain],
  },
  {
    name: 'sdk: a key ends with its time',
    file: 'attestation/lifetime.ts',
    find: 'left > 0 && monotonic >= 0 && !jumped',
    replace: 'monotonic >= 0 && !jumped',
    tests: ['test/attestation/lifetime.test.ts'],
  },
  {
    name: 'sdk: a key ends where the clocks disagree',
    file: 'attestation/lifetime.ts',
    find: 'monotonic >= 0 && !jumped',
    replace: 'monotonic >= 0',
    tests: ['test/attestation/lifetime.test.ts'],
  },
  {
    name: 'sdk: a key ends in the back-forward cache',
    file: 'connect.ts',
    find: 'const forgetPage = expireOnRestore(keyManager)',
    replace: 'const forgetPage = (): void => {}\n  void expireOnRestore',
    tests: [gateway],
  },
  {
    name: 'sdk: the back-forward cache is known by its event',
    file: 'attestation/restore.ts',
    find: 'event.persisted === true) key.expire()',
    replace: 'event.persisted === true) return',
    tests: ['test/attestation/restore.test.ts'],
  },
  {
    name: 'sdk: a refusal is final until the caller renews',
    file: 'attestation/key-manager.ts',
    find: '        this.#failure = error\n',
    replace: '',
    tests: [keyManager],
  },
  {
    name: 'sdk: a refusal forgets the key',
    file: 'attestation/key-manager.ts',
    find: '    if (this.#failure && !this.#pending) throw this.#failure\n',
    replace: '',
    tests: [keyManager],
  },
  {
    name: 'sdk: a request waits for the renewal after a refusal',
    file: 'attestation/key-manager.ts',
    find: 'this.#failure && !this.#pending',
    replace: 'this.#failure',
    tests: [keyManager, 'test/react/libraries.test.ts'],
  },
  {
    name: 'sdk: the wait for a renewal ahead and the attestation after it has one deadline',
    file: 'attestation/key-manager.ts',
    find: 'return inTime(this.#timeoutMs, signal, both)',
    replace: 'return raceAbort(both(), signal)',
    tests: ['test/attestation/renewal-timer.test.ts'],
    hangs: true,
  },
  {
    name: 'sdk: a closed client takes no key',
    file: 'attestation/key-manager.ts',
    find: '    this.#assertOpen()\n    this.#failure = undefined',
    replace: '    this.#failure = undefined',
    tests: [keyManager],
  },
]

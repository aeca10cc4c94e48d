import type { Mutant } from '../mutant.ts'

const proof = 'test/proof.test.ts'
const elements = 'test/elements.test.ts'
const panel = 'test/panel.test.ts'

function changed(name: string, file: string, find: string, replace: string, ...tests: readonly string[]): Mutant {
  return { name, file, find, replace, tests }
}

/** In the order of a proof: what is verified, what is answered, and what is shown of it. */
export const mutants: readonly Mutant[] = [
  changed(
    'a posted verdict makes a proof pass',
    'proof/proof.ts',
    'const verdict = await attempt?.own?.catch(() => undefined)\n    // A later',
    'const verdict = (attempt?.clientKey ? { result: "pass", steps: [], key: { publicKey: attempt.clientKey } } : undefined) as Verdict | undefined\n    // A later',
    proof,
  ),
  changed(
    'the key of the client is not compared with the proven one',
    'proof/proof.ts',
    'verdict.key.publicKey !== attempt?.clientKey',
    'verdict.key.publicKey === undefined',
    proof,
  ),
  changed(
    'a client that is ready without evidence is proven',
    'proof/proof.ts',
    'if (verdict === undefined)\n',
    'if (verdict === null)\n',
    proof,
  ),
  changed(
    'a simulated TPM is allowed by default',
    'proof/proof.ts',
    'receivedAtMs, dangerouslyAllowSimulated: dangerouslyAllowSimulated === true }',
    'receivedAtMs, dangerouslyAllowSimulated: dangerouslyAllowSimulated !== undefined }',
    proof,
  ),
  changed(
    'a renewal that the verifier refused leaves the proof',
    'proof/proof.ts',
    "(reason === 'renew' && !isOfService)",
    "(reason === 'renew' && isOfService)",
    proof,
  ),
  changed(
    'a proof is taken away while a renewal runs',
    'proof/proof.ts',
    'if (isPassing(this.state.status)) this.#become({ ...this.#state, renewing: true })',
    "if (isPassing(this.state.status)) this.#become({ ...NOTHING, status: 'checking' })",
    proof,
    elements,
  ),
  changed(
    'a proof outlives its key where no timer fires',
    'proof/proof.ts',
    'if (this.#isOver()) {',
    'if (this.#isOver() && this.#expiry === undefined) {',
    proof,
  ),
  changed('nothing is flipped', 'proof/tamper.ts', '^ (1 << bit)', '^ (0 << bit)', proof, elements),
  changed(
    'the evidence itself is altered, and not a copy',
    'proof/tamper.ts',
    'const copy = bytes.slice()',
    'const copy = bytes',
    proof,
  ),
  changed(
    'altered evidence that is accepted is shown as refused',
    'panel/tamper.ts',
    "if (verdict.result === 'pass')",
    "if ((verdict.result as string) === 'passed')",
    elements,
  ),
  changed(
    'a link behind the step that failed holds',
    'panel/chain.ts',
    'if (ended >= 0 && last > ended)',
    'if (ended > last)',
    elements,
  ),
  changed('a claim of the log is shown as measured', 'panel/boot.ts', 'verified && h(', 'h(', panel, elements),
  changed(
    'what the log calls a separator is hidden',
    'panel/boot.ts',
    '!(verified && separators.has(description))',
    "!(verified && subject === 'separator')",
    panel,
  ),
  changed(
    'an unproven separator is hidden',
    'panel/boot.ts',
    '!(verified && separators.has(description))',
    '!separators.has(description)',
    panel,
  ),
  changed(
    'Secure Boot is off where nothing proves it',
    'panel/boot.ts',
    'log.secureBoot === undefined ? unknown',
    'log.secureBoot === null ? unknown',
    panel,
  ),
  changed(
    'digests that explain nothing are shown as recomputed',
    'panel/measurements.ts',
    'explained && note',
    'explained !== undefined && note',
    elements,
  ),
  changed(
    'a key without a proven Name has one',
    'panel/facts.ts',
    'ak.name === undefined ? strings.nameNotProven : hex(ak.name)',
    'hex(ak.name ?? ak.algorithm)',
    elements,
  ),
  changed(
    'the badge announces nothing',
    'elements/badge.ts',
    'if (this.#said !== text)',
    "if (this.#said !== '')",
    elements,
  ),
  changed(
    'a refusal stays hidden',
    'elements/refusal.ts',
    "this.hidden = state.status !== 'refused'",
    'this.hidden = true',
    elements,
  ),
]

import type { Mutant } from '../../mutant.ts'

const limited = (name: string, find: string, replace: string): Mutant => ({
  name: `sdk: ${name}`,
  file: 'limits.ts',
  find,
  replace,
  tests: ['test/limits.test.ts'],
})

/** The answer about a verdict that passed, which page and command give by one rule. */
export const limits: readonly Mutant[] = [
  limited(
    'a simulated TPM is not proven',
    "if (verdict.simulated) return 'simulated'",
    "if (verdict.simulated === null) return 'simulated'",
  ),
  limited('a model outside the proof is a limit', "if (claims?.upstream === 'unattested' || ", 'if ('),
  limited('a step that warns is a limit', "if (step.status === 'warn' && ", "if (step.status === 'fail' && "),
  limited(
    'a hardware TPM without an enrolment is a limit',
    "if (assurance === 'hardware-tpm' && isUnenrolled)",
    "if (assurance === 'simulated' && isUnenrolled)",
  ),
]

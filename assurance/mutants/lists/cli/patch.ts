import type { Mutant } from '../../mutant.ts'

/** A mutant of the command: `find` replaced in a file of `packages/cli/src`, and the tests that must notice. */
export function changed(
  name: string,
  file: string,
  find: string,
  replace: string,
  ...tests: readonly string[]
): Mutant {
  return { name, file, find, replace, tests }
}

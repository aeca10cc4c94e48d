import type { Mutant } from '../../mutant.ts'

/** A mutant of the gateway: `find` replaced, and the tests that must notice. */
export function changed(name: string, file: string, find: string, replace: string, ...tests: string[]): Mutant {
  return { name: `gateway: ${name}`, file, find, replace, tests }
}

/** The same with nothing in place of `find`. */
export function gone(name: string, file: string, find: string, ...tests: string[]): Mutant {
  return changed(name, file, find, '', ...tests)
}

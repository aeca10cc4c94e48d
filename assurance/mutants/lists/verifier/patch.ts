import type { Mutant } from '../../mutant.ts'

/** Tests of one module, `lib::…`. */
export function unit(filter: string): readonly string[] {
  return [`lib::${filter}`]
}

/** Some vector must end otherwise. */
export const vectors: readonly string[] = ['conformance::every_vector_ends_as_it_says']

/** A mutant: `find` replaced in a file of `packages/verifier-wasm/src`, and the tests that must notice. */
export function changed(tests: readonly string[], name: string, file: string, find: string, replace: string): Mutant {
  return { name, file, find, replace, tests }
}

/** A package with one check taken out: the code in its place compiles, and a test of the package must fail. */
export interface Mutant {
  /** Which check is gone; unique over all lists. */
  readonly name: string
  /** Relative to the package's source folder. */
  readonly file: string
  /** Source text that occurs exactly once in the file. */
  readonly find: string
  /** Source text in its place. */
  readonly replace: string
  /**
   * The tests that are expected to fail. Vitest: files relative to the package. Cargo: `target` or `target::filter`, where the target is
   * `lib`, `bin` or the name of a test program, and the filter is part of a test's path (`gateway::lifecycle::a_stop`).
   */
  readonly tests: readonly string[]
  /**
   * Rust only: the mutant has a build of its own. Needed where a switch at run time cannot select the patch: a constant, a signature, a
   * function that returns `impl Trait`.
   */
  readonly whole?: boolean
  /** Without the check the named tests never end: a run or a test beyond its time counts as noticed, and for no other mutant. */
  readonly hangs?: boolean
}

/** The mutants of one package. */
export interface Area {
  readonly name: string
  /** Folder of the package, relative to the root. */
  readonly folder: string
  readonly runner: RustRunner | VitestRunner
  readonly mutants: readonly Mutant[]
}

export interface RustRunner {
  readonly kind: 'rust'
  /** Name of the package for cargo. */
  readonly package: string
  /** Folders of the crates that it is built from, itself included, relative to the root. */
  readonly crates: readonly string[]
}

export interface VitestRunner {
  readonly kind: 'vitest'
  /** Folders beside the package through which its tests import it, relative to the root. */
  readonly importers?: readonly string[]
  /** What builds the package where its tests run the built files; words of a command in its folder. */
  readonly build?: readonly string[]
}

/** What became of one mutant. */
export interface Finding {
  readonly name: string
  /** `unusable`: the tests could not be built, found or run, so that nothing is known. */
  readonly outcome: 'noticed' | 'missed' | 'unusable'
  /** Which test noticed, or what went wrong. */
  readonly note: string
}

/** Called with each finding as soon as it is there. */
export type Report = (finding: Finding) => void

/** What a run of named tests says about the code that ran. */
export type Result =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly test: string }
  /** A bound of time ended the run, or its tests. The load of the machine does the same, so it decides only for mutants with `hangs`. */
  | { readonly kind: 'late'; readonly what: string }
  | { readonly kind: 'broken'; readonly why: string }

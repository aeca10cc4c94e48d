/** What the command ends with, for scripts: stable. */
export const exit = {
  /** Everything that was asked for is proven, or was done. */
  passed: 0,
  /** The verifier refused. */
  refused: 1,
  /** The command was called in a way that it does not know. */
  usage: 2,
  /** Nothing could be decided: a file or a service could not be read. */
  undecided: 3,
} as const

export type ExitCode = (typeof exit)[keyof typeof exit]

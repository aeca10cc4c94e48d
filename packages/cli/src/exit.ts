/** What the command ends with, for scripts: stable. */
export const exit = {
  /** Everything that was asked for is proven, or was done. */
  passed: 0,
  /** The verifier refused, a signature is wrong, or a document is not the one that was reviewed. */
  refused: 1,
  /** The command was called in a way that it does not know. */
  usage: 2,
  /** Nothing could be decided: a file or a service could not be read. */
  undecided: 3,
  /**
   * The input agrees with itself and was judged by nothing else: no policy of the caller was given. Nothing is proven, and nothing
   * was signed.
   */
  unjudged: 4,
  /** A receipt passed as of its time. Its release was withdrawn since, or no current status was given that would tell. */
  asOfThen: 5,
} as const

export type ExitCode = (typeof exit)[keyof typeof exit]

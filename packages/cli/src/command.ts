import type { ExitCode } from './exit.js'
import type { Io } from './terminal/io.js'
import type { Shown } from './terminal/text.js'

/** One of the command's verbs. */
export interface Command {
  /** A line for the list of commands. */
  readonly summary: string
  /** Everything that `--help` shows. */
  readonly help: Shown
  readonly run: (args: readonly string[], io: Io) => Promise<ExitCode>
}

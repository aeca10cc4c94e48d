import type { Code } from '@blindllama/web-sdk'
import { exit, type ExitCode } from './exit.js'
import type { CommandCode } from './generated/codes.js'

/** Ends the command with a sentence for a person and a `code` for a program. */
export class Failure extends Error {
  readonly code: Code | CommandCode
  readonly exitCode: ExitCode

  constructor(code: Code | CommandCode, message: string, exitCode: ExitCode, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.exitCode = exitCode
  }
}

/** The command was called in a way that it does not know. */
export function usage(message: string): Failure {
  return new Failure('cli.usage', message, exit.usage)
}

/** A file could not be read or written. */
export function unreadable(file: string, cause: unknown): Failure {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new Failure('cli.file', `${file}: ${reason}`, exit.undecided, { cause })
}

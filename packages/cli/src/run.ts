import { BlindLlamaError } from '@blindllama/web-sdk'
import { chain } from './chain/command.js'
import type { Command } from './command.js'
import { eventlog } from './eventlog/command.js'
import { exit, type ExitCode } from './exit.js'
import { Failure } from './failure.js'
import { inspect } from './inspect/command.js'
import type { Io } from './terminal/io.js'
import { printable, styleOf } from './terminal/style.js'
import { releaseCommand } from './release/command.js'
import { verify } from './verify/command.js'

const commands: Readonly<Record<string, Command>> = { verify, inspect, eventlog, chain, release: releaseCommand }

function overview(): string {
  const width = Math.max(...Object.keys(commands).map(({ length }) => length))
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}\n`)
  return `Usage: blindllama COMMAND …

${lines.join('')}
blindllama COMMAND --help tells more. Every command takes --json.
Exit codes: 0 proven or done, 1 refused, 2 wrong use, 3 undecided (something could not be read).
`
}

/** Runs the command line `args`, without the program's name. Never throws. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === 'help') {
    io.out(overview())
    return name === undefined ? exit.usage : exit.passed
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    io.err(`blindllama: there is no command '${printable(name)}'\n\n${overview()}`)
    return exit.usage
  }
  if (rest.includes('--help')) {
    io.out(command.help)
    return exit.passed
  }
  try {
    return await command.run(rest, io)
  } catch (error) {
    return report(error, rest.includes('--json'), io)
  }
}

function report(error: unknown, json: boolean, io: Io): ExitCode {
  const [code, exitCode] =
    error instanceof Failure
      ? [error.code, error.exitCode]
      : BlindLlamaError.isInstance(error)
        ? [error.code, exit.undecided]
        : ['cli.defect', exit.undecided]
  const detail = error instanceof Error ? error.message : String(error)
  if (json) io.out(`${JSON.stringify({ result: 'error', code, detail })}\n`)
  else io.err(`${styleOf(io).bad('blindllama:')} ${printable(detail)} ${styleOf(io).dim(`(${code})`)}\n`)
  return exitCode
}

import { BlindLlamaError } from '@blindllama/web-sdk'
import { chain } from './chain/command.js'
import type { Command } from './command.js'
import { eventlog } from './eventlog/command.js'
import { exit, type ExitCode } from './exit.js'
import { Failure } from './failure.js'
import { inspect } from './inspect/command.js'
import { releaseCommand } from './release/command.js'
import type { Io } from './terminal/io.js'
import { styleOf } from './terminal/style.js'
import { json, padded, type Shown, shown } from './terminal/text.js'
import { verify } from './verify/command.js'

const commands: Readonly<Record<string, Command>> = { verify, inspect, eventlog, chain, release: releaseCommand }

function overview(): Shown {
  const width = Math.max(...Object.keys(commands).map(({ length }) => length))
  const lines = Object.entries(commands).map(([name, { summary }]) => shown`  ${padded(name, width)}  ${summary}\n`)
  return shown`Usage: blindllama COMMAND …

${lines}
blindllama COMMAND --help tells more. Every command takes --json.
Exit codes: 0 proven or done, 1 refused, 2 wrong use, 3 undecided (something could not be read),
4 not judged (no policy was given: nothing is proven, nothing was signed).
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
    io.err(shown`blindllama: there is no command '${name}'\n\n${overview()}`)
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

function report(error: unknown, asJson: boolean, io: Io): ExitCode {
  const [code, exitCode] =
    error instanceof Failure
      ? [error.code, error.exitCode]
      : BlindLlamaError.isInstance(error)
        ? [error.code, exit.undecided]
        : (['cli.defect', exit.undecided] as const)
  const detail = error instanceof Error ? error.message : String(error)
  if (asJson) io.out(json({ result: 'error', code, detail }))
  else io.err(shown`${styleOf(io).bad('blindllama:')} ${detail} ${styleOf(io).dim(`(${code})`)}\n`)
  return exitCode
}

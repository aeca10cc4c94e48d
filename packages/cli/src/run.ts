import { BlindLlamaError } from '@blindllama/web-sdk'
import { didYouMean } from '@blindllama/web-sdk/sentences'
import { authorityCommand } from './ca/command.js'
import { chain } from './chain/command.js'
import type { Command } from './command.js'
import { enrolCommand } from './enrol/command.js'
import { eventlog } from './eventlog/command.js'
import { exit, type ExitCode } from './exit.js'
import { Failure, usage } from './failure.js'
import { inspect } from './inspect/command.js'
import { operateCommand } from './operate/command.js'
import { policy } from './author/command.js'
import { releaseCommand } from './release/command.js'
import type { Io } from './terminal/io.js'
import { styleOf } from './terminal/style.js'
import { json, padded, type Shown, shown } from './terminal/text.js'
import { verify } from './verify/command.js'
import { version } from './version.js'

const commands: Readonly<Record<string, Command>> = {
  verify,
  policy,
  inspect,
  eventlog,
  chain,
  enrol: enrolCommand,
  ca: authorityCommand,
  operate: operateCommand,
  release: releaseCommand,
}

function overview(): Shown {
  const width = Math.max(...Object.keys(commands).map(({ length }) => length))
  const lines = Object.entries(commands).map(([name, { summary }]) => shown`  ${padded(name, width)}  ${summary}\n`)
  return shown`Usage: blindllama COMMAND …

${lines}
blindllama COMMAND --help (-h) prints details; blindllama --version. Every command takes --json.
Exit codes: 0 proven or done, 1 refused, 2 wrong use, 3 undecided (something could not be read),
4 not judged (no policy was given: nothing is proven, nothing was signed), 5 proven as of then (a receipt
without a current status, or whose release was withdrawn since).
`
}

const isHelp = (word: string): boolean => word === '--help' || word === '-h'
const isVerb = (word: string): boolean => /^[a-z][a-z-]*$/.test(word)

/** Runs the command line `args`, without the program's name. Never throws. */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = args
  if (name === undefined || isHelp(name) || name === 'help') {
    io.out(overview())
    return name === undefined ? exit.usage : exit.passed
  }
  if (name === '--version') {
    io.out(rest.includes('--json') ? json({ version }) : shown`${version}\n`)
    return exit.passed
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!command) {
    const asJson = args.includes('--json')
    const exitCode = report(
      usage(`there is no command '${name}'${didYouMean(name, Object.keys(commands))}`),
      asJson,
      io,
    )
    if (!asJson) io.err(shown`\n${overview()}`)
    return exitCode
  }
  const end = rest.indexOf('--')
  const options = end < 0 ? rest : rest.slice(0, end)
  if (options.some(isHelp)) {
    io.out(command.help)
    // Beside a target it may be the name of a file, and nothing was judged.
    return rest.every((word) => isHelp(word) || isVerb(word)) ? exit.passed : exit.usage
  }
  try {
    return await command.run(rest, io)
  } catch (error) {
    return report(error, rest.includes('--json'), io)
  }
}

/** What the SDK, which does not know who asks, leaves out of its sentence. */
const hints: Readonly<Record<string, string>> = {
  'evidence.status': '. Is it the address of the gateway, and not that of a page?',
  'evidence.media_type': '. Is it the address of the gateway, and not that of a page?',
}

function report(error: unknown, asJson: boolean, io: Io): ExitCode {
  const [code, exitCode] =
    error instanceof Failure
      ? [error.code, error.exitCode]
      : BlindLlamaError.isInstance(error)
        ? [error.code, exit.undecided]
        : (['cli.defect', exit.undecided] as const)
  const message = error instanceof Error ? error.message : String(error)
  // Messages of the SDK end with their code, which stands beside the detail here.
  const suffix = ` (${code})`
  const bare = message.endsWith(suffix) ? message.slice(0, -suffix.length) : message
  const detail = bare + (hints[code] ?? '')
  if (asJson) io.out(json({ result: 'error', code, detail }))
  else io.err(shown`${styleOf(io).bad('blindllama:')} ${detail} ${styleOf(io).dim(`(${code})`)}\n`)
  return exitCode
}

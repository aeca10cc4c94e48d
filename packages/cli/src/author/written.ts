import { existsSync } from 'node:fs'
import type { Verdict } from '@blindllama/web-sdk'
import { explainRefusal } from '@blindllama/web-sdk/sentences'
import { exit } from '../exit.js'
import { Failure, unreadable } from '../failure.js'
import { writeNew as writeNewFile } from '../replace-file.js'
import type { Style } from '../terminal/style.js'
import { type Shown, shown } from '../terminal/text.js'

/** Refuses a name that is taken, before anybody answers questions for nothing. @throws {Failure} `cli.exists` */
export function assertFree(file: string): void {
  if (existsSync(file)) throw taken(file)
}

/** Writes a policy to a file that does not exist yet. @throws {Failure} `cli.exists`, `cli.file` */
export async function writeNew(file: string, text: string): Promise<void> {
  await writeNewFile(file, text).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'EEXIST') throw unreadable(file, cause)
    throw taken(file)
  })
}

function taken(file: string): Failure {
  return new Failure('cli.exists', `${file} exists and was not replaced. Name another file with --out`, exit.undecided)
}

/** Whether a service meets the policy that was written. */
export function judgement(url: string, policy: string, verdict: Verdict, style: Style): Shown {
  return verdict.result === 'pass'
    ? shown`${(verdict.simulated ? style.warn : style.good)(style.bold('MEETS IT'))}  ${url} meets this policy now${verdict.simulated ? ', with a simulated TPM, which proves nothing' : ''}\n`
    : shown`${style.bad(style.bold('REFUSED'))}  ${explainRefusal(verdict, { policy })} ${style.dim(`(${verdict.code})`)}\n`
}

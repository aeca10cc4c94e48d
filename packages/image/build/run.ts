import { availableParallelism } from 'node:os'
import { runCommand } from '../../../tools/run/command.ts'

/** Called with a sentence on what is done now. */
export type Progress = (message: string) => void

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Default: 10 minutes. */
  readonly timeoutMs?: number
  /** Hears what it prints as it comes. */
  readonly onOutput?: (text: string) => void
}

const lastLines = 15

/**
 * Runs a program of the image build and returns its standard output.
 *
 * @param failure what could not be done, as the beginning of the error message
 * @throws {Error} with `failure`, the reason, and the last lines that the program printed
 */
export async function run(failure: string, words: readonly string[], options: RunOptions): Promise<string> {
  const outcome = await runCommand(words, { timeoutMs: 600_000, ...options })
  if (outcome.ok) return outcome.stdout
  const said = outcome.output.trimEnd().split('\n').slice(-lastLines).join('\n  ')
  throw new Error(`${failure}: ${words[0]} ${outcome.reason}.${said === '' ? '' : `\n  ${said}`}`)
}

/** Number of jobs of parallel builds: `IMAGE_JOBS`, or one for each processor. */
export const jobs: number = Number(process.env['IMAGE_JOBS'] ?? availableParallelism())

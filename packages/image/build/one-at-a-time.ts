import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Progress } from './run.ts'
import '../../../tools/environment.ts'

/** Longest wait for another build, in seconds. */
const patience = 3600

/** Of flock(1), where `--timeout` is over. */
const tooLate = 1

/**
 * Runs `work` while no other process of this machine runs any under the same `file`: two builds would remove each other's folders, and two
 * writers each other's words. The kernel ends the lock with its holder, also where this process is killed.
 *
 * @throws {Error} where another build takes longer than an hour
 */
export async function oneAtATime<T>(file: string, onProgress: Progress, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true })
  // It holds the lock until its standard input ends, which it does with this process.
  const words = ['--exclusive', '--timeout', String(patience), file, 'sh', '-c', 'echo held; exec cat']
  const holder = spawn('flock', words, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve, reject) => {
    holder.once('error', reject)
    holder.once('close', resolve)
  })
  const waits = setTimeout(() => onProgress('waiting for another process that does the same'), 500)
  try {
    const held = new Promise<'held'>((resolve) => holder.stdout.once('data', () => resolve('held')))
    const first = await Promise.race([held, ended])
    if (first !== 'held')
      throw new Error(
        first === tooLate
          ? `Another process holds ${file} for more than an hour. End it, and start again.`
          : `flock ended with status ${first} at ${file}.`,
      )
    clearTimeout(waits)
    return await work()
  } finally {
    clearTimeout(waits)
    holder.stdin.end()
    await ended.catch(() => {})
  }
}

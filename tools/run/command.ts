import { spawn, type ChildProcess } from 'node:child_process'
import '../environment.ts'

export interface CommandOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Hears standard output as it comes, in pieces of any length. */
  readonly onOutput?: (text: string) => void
}

export interface Outcome {
  readonly ok: boolean
  /** Standard output and standard error, as they came. */
  readonly output: string
  /** Standard output alone. */
  readonly stdout: string
  /** Why it failed, in a few words. */
  readonly reason: string
  readonly elapsedMs: number
}

const running = new Set<ChildProcess>()

/** Ends everything that {@link runCommand} has started and that still runs. */
export function killRunning(): void {
  for (const child of running) killGroup(child)
}

/**
 * Runs a command to its end and keeps what it prints. It has a process group of its own: when its time is over, or this
 * process is asked to end, everything that it started ends with it.
 */
export async function runCommand(words: readonly string[], options: CommandOptions): Promise<Outcome> {
  const [command = '', ...args] = words
  const started = performance.now()
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  running.add(child)
  let output = ''
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    stdout += text
    options.onOutput?.(text)
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text))
  let late = false
  const timer = setTimeout(() => {
    late = true
    killGroup(child)
  }, options.timeoutMs)
  const end = await new Promise<{ status: number | null; reason: string }>((resolve) => {
    child.once('error', (error) => resolve({ status: null, reason: error.message }))
    child.once('exit', (_, signal) => signal !== null && killGroup(child))
    child.once('close', (status, signal) => resolve({ status, reason: `ended with ${signal ?? `status ${status}`}` }))
  })
  clearTimeout(timer)
  running.delete(child)
  const reason = late ? `took longer than ${options.timeoutMs / 1000} s` : end.reason
  return { ok: end.status === 0 && !late, output, stdout, reason, elapsedMs: performance.now() - started }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group has ended already.
  }
}

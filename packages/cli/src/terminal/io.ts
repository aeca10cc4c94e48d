import { createInterface } from 'node:readline/promises'
import type { Shown } from './text.js'

/** Where a command writes, so that tests can read it. Nothing but {@link Shown} gets there. */
export interface Io {
  /** Results. */
  out: (text: Shown) => void
  /** Progress and errors. */
  err: (text: Shown) => void
  /** Whether `out` shows colours. */
  color: boolean
  /** Asks a person and gives the line; undefined where nobody can be asked. */
  ask?: (question: Shown) => Promise<string>
}

/** The streams of this process; colours where a person looks and has not asked for none (no-color.org). */
export function processIo(): Io {
  const { NO_COLOR, FORCE_COLOR } = process.env
  const wanted = process.stdout.isTTY || (FORCE_COLOR !== undefined && FORCE_COLOR !== '0')
  return {
    out: (text) => void process.stdout.write(text.toString()),
    err: (text) => void process.stderr.write(text.toString()),
    color: wanted && (NO_COLOR === undefined || NO_COLOR === ''),
    ...(process.stdin.isTTY && process.stdout.isTTY && { ask: askOnTerminal }),
  }
}

/** How long a person may think about one question, in milliseconds. */
const patienceMs = 600_000

async function askOnTerminal(question: Shown): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), patienceMs)
  try {
    return await terminal.question(question.toString(), { signal: patience.signal })
  } finally {
    clearTimeout(timer)
    terminal.close()
  }
}

/** Where a command writes, so that tests can read it. */
export interface Io {
  /** Results. */
  out: (text: string) => void
  /** Progress and errors. */
  err: (text: string) => void
  /** Whether `out` shows colours. */
  color: boolean
}

/** The streams of this process; colours where a person looks and has not asked for none (no-color.org). */
export function processIo(): Io {
  const { NO_COLOR, FORCE_COLOR } = process.env
  const wanted = process.stdout.isTTY || (FORCE_COLOR !== undefined && FORCE_COLOR !== '0')
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    color: wanted && (NO_COLOR === undefined || NO_COLOR === ''),
  }
}

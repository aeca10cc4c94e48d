import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'
import '../environment.ts'

/** A program under way whose lines are shown as they come, with the time, and kept in a file. */
export class Session {
  readonly #child: ChildProcess
  readonly #started = performance.now()
  readonly #lines: string[] = []
  readonly #log: WriteStream
  readonly #ended: Promise<number | null>
  readonly #listeners = new Set<(line: string) => void>()

  constructor(words: readonly string[], log: string) {
    const [command = '', ...args] = words
    this.#log = createWriteStream(log)
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#heard(line))
    this.#ended = once(this.#child, 'close').then(([status]) => status as number | null)
  }

  get elapsedMs(): number {
    return performance.now() - this.#started
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  /**
   * The first line that `pattern` matches.
   *
   * @throws {Error} where the program ends before it, or takes longer than `timeoutMs`
   */
  async line(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const found = this.#lines.map((line) => pattern.exec(line)).find((match) => match !== null)
    if (found) return found
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no line like ${pattern} within ${timeoutMs / 60_000} min`)),
        timeoutMs,
      )
      const settle = (end: () => void): void => {
        clearTimeout(timer)
        this.#listeners.delete(listen)
        end()
      }
      const listen = (line: string): void => {
        const match = pattern.exec(line)
        if (match) settle(() => resolve(match))
      }
      this.#listeners.add(listen)
      void this.#ended.then((status) =>
        settle(() => reject(new Error(`ended with status ${status} before ${pattern}`))),
      )
    })
  }

  /** Writes to its standard input. */
  tell(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Waits for its end; ends it where it takes longer. */
  async end(timeoutMs: number): Promise<number | null> {
    const timer = setTimeout(() => this.kill(), timeoutMs)
    const status = await this.#ended
    clearTimeout(timer)
    return status
  }

  kill(): void {
    if (this.#child.pid === undefined || this.#child.exitCode !== null) return
    try {
      process.kill(-this.#child.pid, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }

  #heard(raw: string): void {
    const line = stripVTControlCharacters(raw)
    this.#lines.push(line)
    const seconds = (this.elapsedMs / 1000).toFixed(0).padStart(5)
    this.#log.write(`${seconds} s  ${line}\n`)
    process.stdout.write(`${seconds} s  ${line}\n`)
    for (const listener of this.#listeners) listener(line)
  }
}

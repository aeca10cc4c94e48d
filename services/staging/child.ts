import { spawn, type ChildProcess } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import '../../tools/environment.ts'

export interface ChildOptions {
  /** What it is called in messages. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** File that gets everything it prints. */
  readonly log: string
  readonly signal: AbortSignal
  /** Whether {@link Child.write} reaches its standard input; default: it has none. */
  readonly input?: boolean
  /** What {@link Child.stop} sends; default: SIGTERM. */
  readonly stopSignal?: 'SIGINT' | 'SIGTERM'
}

/** The process ended while something was awaited of it. */
export class EndedEarly extends Error {}

/** A process of the staging. It dies with this one, whatever ends this one. */
export class Child {
  readonly name: string
  readonly #process: ChildProcess
  readonly #log: string
  readonly #stopSignal: NodeJS.Signals
  readonly #tail: string[] = []
  readonly #onLine = new Set<(line: string) => void>()
  readonly #exited: Promise<void>
  /** Resolves when the process has ended and all that it printed was heard. */
  readonly #silent: Promise<unknown>

  constructor(options: ChildOptions) {
    this.name = options.name
    this.#log = options.log
    this.#stopSignal = options.stopSignal ?? 'SIGTERM'
    // PR_SET_PDEATHSIG: the kernel kills the child when this process is gone, `kill -9` included. A group of its own
    // keeps Ctrl-C from the child: this process stops all of them in order.
    this.#process = spawn('setpriv', ['--pdeathsig', 'KILL', '--', options.command, ...options.args], {
      detached: true,
      stdio: [options.input === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', ...options.env },
      signal: options.signal,
      killSignal: 'SIGKILL',
    })
    this.#process.on('error', () => {})
    this.#process.stdin?.on('error', () => {})
    this.#exited = new Promise((resolve) => {
      this.#process.once('exit', () => resolve())
      this.#process.once('error', () => resolve())
    })
    // A process that it left behind can hold the pipes open: that one is not waited for.
    this.#silent = Promise.race([
      new Promise((resolve) => this.#process.once('close', resolve)),
      this.#exited.then(async () => sleep(1000, undefined, { ref: false })),
    ])
    // Whoever removes the folder while a process still prints wants no log any more.
    const log = createWriteStream(options.log, { flags: 'a' }).on('error', () => {})
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      if (stream === null) continue
      stream.pipe(log, { end: false })
      createInterface({ input: stream }).on('line', (line) => this.#hear(line))
    }
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** Resolves when the process has ended. */
  get exited(): Promise<void> {
    return this.#exited
  }

  /** Waits for the first line for which `find` gives something. */
  async line<T>(find: (line: string) => T | undefined, timeoutMs: number): Promise<T> {
    return this.#race(timeoutMs, (resolve) => {
      const hear = (line: string): void => {
        const found = find(line)
        if (found !== undefined) resolve(found)
      }
      this.#tail.forEach(hear)
      this.#onLine.add(hear)
      return () => this.#onLine.delete(hear)
    })
  }

  /** Asks `probe` again and again until it gives true. */
  async until(probe: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    await this.#race<true>(timeoutMs, (resolve) => {
      const timer = setInterval(() => {
        probe().then(
          (ready) => ready && resolve(true),
          () => {},
        )
      }, 25)
      return () => clearInterval(timer)
    })
  }

  async stop(): Promise<void> {
    if (this.running && this.#process.pid !== undefined) {
      this.#process.kill(this.#stopSignal)
      const timer = setTimeout(() => this.#process.kill('SIGKILL'), 3000)
      await this.#exited
      clearTimeout(timer)
    }
  }

  /** SIGKILL: no handler runs, the kernel closes what was open. Resolves when the process has ended. */
  async kill(): Promise<void> {
    if (this.running) this.#process.kill('SIGKILL')
    await this.#exited
  }

  /** Writes to its standard input. What arrives after its end is lost. */
  write(text: string): void {
    this.#process.stdin?.write(text)
  }

  /** What it said last, for a message about its end. */
  describe(): string {
    const said = this.#tail.slice(-5).join('\n  ')
    return `${said === '' ? '' : `\n  ${said}`}\n  Everything it printed: ${this.#log}`
  }

  #hear(line: string): void {
    this.#tail.push(line)
    if (this.#tail.length > 50) this.#tail.shift()
    for (const hear of this.#onLine) hear(line)
  }

  async #race<T>(timeoutMs: number, begin: (resolve: (value: T) => void) => () => void): Promise<T> {
    let end: (() => void) | undefined
    let timer: NodeJS.Timeout | undefined
    try {
      return await new Promise<T>((resolve, reject) => {
        end = begin(resolve)
        timer = setTimeout(() => reject(new Error(`${this.name} was not ready in time.${this.describe()}`)), timeoutMs)
        void this.#silent.then(() =>
          reject(new EndedEarly(`${this.name} ended before it was ready.${this.describe()}`)),
        )
      })
    } finally {
      end?.()
      clearTimeout(timer)
    }
  }
}

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../../../services/staging/child.ts'
import { freePorts } from '../../../services/staging/ports.ts'

const program: string = fileURLToPath(new URL('server.ts', import.meta.url))

/** The process of server.ts, always on the same port, however often it is killed. */
export class RestartableUpstream {
  readonly url: string
  readonly #folder: string
  readonly #signal: AbortSignal
  #child: Child | undefined

  private constructor(port: number, folder: string, signal: AbortSignal) {
    this.url = `http://127.0.0.1:${port}`
    this.#folder = folder
    this.#signal = signal
  }

  static async start(folder: string, signal: AbortSignal): Promise<RestartableUpstream> {
    const [port = 0] = await freePorts(1)
    const upstream = new RestartableUpstream(port, folder, signal)
    await upstream.ensureRunning()
    return upstream
  }

  /** Starts it where it does not run. */
  async ensureRunning(): Promise<void> {
    if (this.#child?.running === true) return
    this.#child = new Child({
      name: 'the upstream',
      command: process.execPath,
      args: ['--import', 'tsx', program, new URL(this.url).port],
      log: join(this.#folder, 'upstream.log'),
      signal: this.#signal,
    })
    await this.#child.until(async () => (await fetch(`${this.url}/v1/models`)).ok, 60_000)
  }

  /** SIGKILL: no handler runs, the kernel closes what was open. */
  async kill(): Promise<void> {
    const { pid } = this.#child ?? {}
    if (pid === undefined) return
    process.kill(pid, 'SIGKILL')
    await this.#child?.exited
  }
}

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'

type Answer = { readonly return?: unknown; readonly error?: { readonly desc: string } }

/** QEMU's control protocol (QMP): all that a host can do to a machine that runs. */
export class Control {
  readonly #socket: Socket
  readonly #waiting: ((answer: Answer) => void)[] = []

  private constructor(socket: Socket) {
    this.#socket = socket
    createInterface({ input: socket }).on('line', (line) => {
      const message = JSON.parse(line) as Answer
      // Anything else is an event, or the greeting.
      if ('return' in message || 'error' in message) this.#waiting.shift()?.(message)
    })
  }

  static async open(path: string): Promise<Control> {
    const socket = connect(path)
    await once(socket, 'connect')
    const control = new Control(socket)
    await control.execute('qmp_capabilities')
    return control
  }

  /** @throws {Error} with QEMU's sentence where it refuses, or where it does not answer within a minute */
  async execute<Result = unknown>(command: string, given: object = {}): Promise<Result> {
    const answer = new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`QEMU does not answer ${command}`)), 60_000)
      this.#waiting.push((received) => {
        clearTimeout(timer)
        resolve(received)
      })
    })
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: given })}\n`)
    const { error, return: result } = await answer
    if (error !== undefined) throw new Error(`${command}: ${error.desc}`)
    return result as Result
  }

  /** Presses keys together, by QEMU's names of them. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.execute('send-key', { keys: keys.map((data) => ({ type: 'qcode', data })) })
  }

  close(): void {
    this.#socket.destroy()
  }
}

/** Writes to a device of the machine, and gives what comes back within `waitMs`. */
export async function talk(path: string, text: string, waitMs: number): Promise<string> {
  const socket = connect(path)
  await once(socket, 'connect')
  let heard = ''
  socket.on('data', (data: Buffer) => (heard += data.toString('latin1')))
  socket.write(text)
  await new Promise((resolve) => setTimeout(resolve, waitMs))
  socket.destroy()
  return heard
}

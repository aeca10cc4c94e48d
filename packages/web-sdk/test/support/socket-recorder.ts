import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

/** What the platform's `fetch` says of each request that it is given, before anything is sent. */
interface UndiciRequest {
  request: { method: string; path: string }
}

/** Keeps what every socket of this process writes that it opened itself, and every request of the platform's `fetch`. */
export class SocketRecorder {
  readonly #connect = Socket.prototype.connect
  readonly #write = Socket.prototype.write
  readonly #clients = new WeakSet<Socket>()
  readonly #written: Buffer[] = []
  readonly #requested: string[] = []

  constructor() {
    const { connect, write } = Socket.prototype
    const [clients, written] = [this.#clients, this.#written]
    Socket.prototype.connect = function (this: Socket, ...parameters: unknown[]) {
      clients.add(this)
      return Reflect.apply(connect, this, parameters) as Socket
    } as typeof connect
    Socket.prototype.write = function (this: Socket, ...parameters: unknown[]) {
      if (clients.has(this)) written.push(Buffer.from(parameters[0] as string | Uint8Array))
      return Reflect.apply(write, this, parameters) as boolean
    } as typeof write
    subscribe('undici:request:create', this.#hear)
  }

  readonly #hear = (message: unknown): void => {
    const { method, path } = (message as UndiciRequest).request
    this.#requested.push(`${method} ${path}`)
  }

  forget(): void {
    this.#written.length = 0
    this.#requested.length = 0
  }

  /** Everything that was written, one byte a character. */
  get bytes(): string {
    return Buffer.concat(this.#written).toString('latin1')
  }

  /** Method and path of every request, of those that `fetch` was given and of those that stand in what was written. */
  get requests(): string[] {
    const lines = this.bytes.matchAll(/(?:^|\n|\r)?(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) (\/\S*) HTTP\/1\.1\r\n/g)
    return [...this.#requested, ...Array.from(lines, ([, method, path]) => `${method} ${path}`)]
  }

  stop(): void {
    Socket.prototype.connect = this.#connect
    Socket.prototype.write = this.#write
    unsubscribe('undici:request:create', this.#hear)
  }
}

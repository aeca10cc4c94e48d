import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export interface RecorderOptions {
  /** Address to connect from, so that what follows sees another peer than 127.0.0.1. */
  readonly localAddress?: string
}

/** One piece as it came, in the order and at the time it came. */
export interface Piece {
  readonly from: 'client' | 'server'
  /** Number of its connection, from 0. */
  readonly connection: number
  /** Milliseconds, monotonic. */
  readonly atMs: number
  readonly bytes: Buffer
}

/** A TCP proxy that keeps every byte of both directions: what anybody on the way could read. It can also break. */
export class Recorder {
  readonly url: string
  /** `address:port` */
  readonly address: string
  /** Who connected, by address. */
  readonly peers: Set<string> = new Set()
  readonly #server: Server
  readonly #near = new Set<Socket>()
  readonly #pieces: Piece[] = []
  #connections = 0

  private constructor(server: Server) {
    this.#server = server
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`
    this.url = `http://${this.address}/`
  }

  static async start(upstream: string, options: RecorderOptions = {}): Promise<Recorder> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const recorder = new Recorder(server)
    const { hostname, port } = new URL(upstream)
    server.on('connection', (near: Socket) => {
      const far = connect({ host: hostname, port: Number(port), noDelay: true, ...options })
      recorder.#join(near, far)
    })
    return recorder
  }

  get pieces(): readonly Piece[] {
    return this.#pieces
  }

  get connections(): number {
    return this.#connections
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces.map(({ bytes }) => bytes))
  }

  /** What one side sent. */
  sentBy(side: Piece['from']): Buffer {
    return Buffer.concat(this.#pieces.filter(({ from }) => from === side).map(({ bytes }) => bytes))
  }

  /** Ends all connections towards the client as a dying server does: cleanly (FIN), or with unread bytes (RST). */
  breakOff(how: 'FIN' | 'RST'): void {
    for (const near of this.#near) {
      near.removeAllListeners('data')
      if (how === 'FIN') near.end()
      else near.resetAndDestroy()
    }
  }

  async stop(): Promise<void> {
    this.#server.close()
    for (const near of this.#near) near.destroy()
    await once(this.#server, 'close')
  }

  #join(near: Socket, far: Socket): void {
    const connection = this.#connections++
    this.peers.add(near.remoteAddress ?? '')
    this.#near.add(near)
    near.once('close', () => this.#near.delete(near))
    for (const [side, from, to] of [
      ['client', near, far],
      ['server', far, near],
    ] as const) {
      from.on('data', (bytes: Buffer) => this.#pieces.push({ from: side, connection, atMs: performance.now(), bytes }))
      from.on('error', () => to.destroy())
      // `end` passes a half-closed connection on; a piped socket would do the same.
      from.on('close', () => to.destroySoon())
      from.pipe(to)
    }
  }
}

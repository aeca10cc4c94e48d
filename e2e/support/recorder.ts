import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A TCP proxy that keeps every byte of both directions: what anybody on the way could read. */
export class Recorder {
  readonly url: string
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #pieces: Buffer[] = []

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  static async start(upstream: string): Promise<Recorder> {
    const { hostname, port } = new URL(upstream)
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const recorder = new Recorder(server)
    server.on('connection', (near: Socket) => {
      const far = connect(Number(port), hostname)
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        recorder.#sockets.add(from)
        from.on('data', (piece: Buffer) => recorder.#pieces.push(piece))
        from.on('error', () => to.destroy())
        from.on('close', () => to.destroy())
        from.pipe(to)
      }
    })
    return recorder
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }

  async stop(): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await once(this.#server, 'close')
  }
}

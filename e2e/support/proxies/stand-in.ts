import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { freePorts } from '../../../services/staging/ports.ts'

/** Where a gateway stands (PROTOCOL.md §2.1). */
export type GatewayState = 'ready' | 'draining' | 'unavailable'

/**
 * What a proxy sees of a gateway: its health, and who gets evidence and requests. The proxy is what is tested with it, in states
 * that a real gateway takes only for moments.
 */
export class StandIn {
  state: GatewayState = 'ready'
  /** Questions for evidence that arrived here, whatever the answer. */
  evidence = 0
  posts = 0
  readonly #port: number
  #server: Server

  private constructor(server: Server, port: number) {
    this.#server = server
    this.#port = port
  }

  static async start(): Promise<StandIn> {
    // Nobody else may get it while this one is dead.
    const [port = 0] = await freePorts(1)
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    const standIn = new StandIn(server, port)
    standIn.#serve()
    return standIn
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  /** As after a SIGKILL: connections end, and no other one can be made. */
  async kill(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async restart(): Promise<void> {
    this.state = 'ready'
    this.#server = createServer().listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#serve()
  }

  #serve(): void {
    this.#server.on('request', (request, response) => {
      request.resume()
      const ready = this.state === 'ready'
      const path = request.url?.split('?')[0]
      if (path === '/blindllama/v1/health/live') response.end('{"status":"live"}')
      else if (path === '/blindllama/v1/health')
        response.writeHead(ready ? 200 : 503).end(`{"status":"${ready ? 'ok' : this.state}"}`)
      else if (path === '/blindllama/v1/evidence') {
        this.evidence++
        response.writeHead(ready ? 200 : 503, ready ? {} : { 'retry-after': '1' }).end()
      } else {
        this.posts++
        response.end('served')
      }
    })
  }
}

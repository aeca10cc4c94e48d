import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** What is sent in place of the recorded answer, and whether the connection then ends as it should. */
export interface Replay {
  readonly bytes: Buffer
  readonly end: 'clean' | 'broken'
}

/** Stands before a gateway: records one encapsulated answer, and from then on answers by itself. */
export class ReplayService {
  readonly url: string
  /** Sent to the next requests; as long as there is none they reach the gateway. */
  replay: Replay | undefined
  /** The last answer of the gateway. */
  recorded: Buffer = Buffer.alloc(0)
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  }

  static async start(gateway: string): Promise<ReplayService> {
    const server = createServer({ noDelay: true }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const service = new ReplayService(server)
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      service.#answer(gateway, request, response).catch(() => response.destroy())
    })
    return service
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  async #answer(gateway: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    if (request.method === 'POST' && this.replay !== undefined) {
      send(response, this.replay)
      return
    }
    const { method = 'GET', headers } = request
    const onward = httpRequest(new URL(request.url ?? '/', gateway), { method, headers })
    onward.end(body)
    const [answer] = (await once(onward, 'response')) as [IncomingMessage]
    const bytes = await buffer(answer)
    if (method === 'POST') this.recorded = bytes
    response.writeHead(answer.statusCode ?? 502, { 'content-type': answer.headers['content-type'] ?? '' }).end(bytes)
  }
}

function send(response: ServerResponse, { bytes, end }: Replay): void {
  response.writeHead(200, { 'content-type': 'message/ohttp-chunked-res' })
  if (end === 'clean') response.end(bytes)
  // Without the last chunk of HTTP/1.1's transfer coding (RFC 9112 §8) the transport itself is incomplete.
  else response.write(bytes, () => response.destroy())
}

import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const otherHalfMs = 2000

/** A request as it came over the wire. */
export interface Received {
  readonly method: string
  readonly target: string
  /** Names in lower case, in the order of the wire. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

/**
 * What the server of a call does with a request: it writes bytes, and ends the connection or keeps it.
 *
 * @param number of the request within one run of the call, from 0
 */
export type Answer = (socket: Socket, request: Received, number: number) => void | Promise<void>

/** A model server that writes exactly what a call says, over HTTP/1.1 and plain sockets. */
export class RawUpstream {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  requests: Received[] = []
  answer: Answer = (socket) => void socket.end()

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket))
  }

  static async start(): Promise<RawUpstream> {
    const upstream = new RawUpstream()
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  /** Without a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /**
   * Begins another run of a call, without the connections of the one before. Each is closed by both sides first: a program that had not
   * read the end yet would send its next request into a connection that is gone.
   */
  async begin(answer: Answer): Promise<void> {
    await Promise.all(Array.from(this.#sockets, closed))
    this.requests = []
    this.answer = answer
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    let held = Buffer.alloc(0)
    socket.on('data', (data: Buffer) => {
      held = Buffer.concat([held, data])
      for (let read = readRequest(held); read !== undefined; read = readRequest(held)) {
        held = held.subarray(read.length)
        this.requests.push(read.request)
        void this.answer(socket, read.request, this.requests.length - 1)
      }
    })
  }
}

/** Ends our half, and waits for the other one. A program that keeps its half is cut off. */
async function closed(socket: Socket): Promise<void> {
  // Not `once` of node:events: it fails with the error of a reset, and a connection that was reset is closed too.
  const ended = new Promise((resolve) => socket.once('close', resolve))
  socket.end()
  await Promise.race([ended, sleep(otherHalfMs, undefined, { ref: false })])
  socket.destroy()
  await ended
}

function readRequest(bytes: Buffer): { request: Received; length: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [line = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n')
  const [method = '', target = ''] = line.split(' ')
  const fields = lines.map((text) => {
    const colon = text.indexOf(':')
    return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()] as const
  })
  const valueOf = (wanted: string): string => fields.find(([name]) => name === wanted)?.[1] ?? ''
  const content = bytes.subarray(end + 4)
  const read =
    valueOf('transfer-encoding') === 'chunked'
      ? readChunks(content)
      : readLength(content, Number(valueOf('content-length')))
  return read && { request: { method, target, fields, body: read.body }, length: end + 4 + read.length }
}

interface Content {
  readonly body: Buffer
  readonly length: number
}

function readLength(content: Buffer, length: number): Content | undefined {
  return content.length < length ? undefined : { body: content.subarray(0, length), length }
}

function readChunks(content: Buffer): Content | undefined {
  const parts: Buffer[] = []
  for (let offset = 0; ;) {
    const lineEnd = content.indexOf('\r\n', offset)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(content.subarray(offset, lineEnd).toString(), 16)
    const start = lineEnd + 2
    if (content.length < start + size + 2) return undefined
    offset = start + size + 2
    if (size === 0) return { body: Buffer.concat(parts), length: offset }
    parts.push(content.subarray(start, start + size))
  }
}

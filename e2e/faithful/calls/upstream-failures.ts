import type { Socket } from 'node:net'
import { type Call, chat, chunk, chunked, completion, delta, events, head, json, streamedChat } from '../call.ts'
import { wasRead } from './was-read.ts'

const five = Buffer.concat(['a', 'b', 'c', 'd', 'e'].map((content) => chunk(`data: ${delta(content)}\n\n`)))
const stream = Buffer.concat([Buffer.from(head(200, [events, chunked])), five])

const written: Readonly<Record<string, readonly [ask: Call['ask'], bytes: Buffer]>> = {
  'before the head': [chat, Buffer.alloc(0)],
  'inside the head': [chat, Buffer.from('HTTP/1.1 200 OK\r\ncontent-ty')],
  'behind the head of events': [streamedChat, Buffer.from(head(200, [events, chunked]))],
  'behind five events': [streamedChat, stream],
  'inside an event': [streamedChat, Buffer.concat([stream, chunk('data: {"half":')])],
  'inside a chunk': [streamedChat, Buffer.concat([stream, Buffer.from('ff\r\ndata: {"half":')])],
  'behind [DONE]': [streamedChat, Buffer.concat([stream, chunk('data: [DONE]\n\n')])],
  'inside JSON of known length': [chat, Buffer.from(`${head(200, [json, 'content-length: 999'])}${completion('hi')}`)],
  'inside JSON in chunks': [chat, Buffer.concat([Buffer.from(head(200, [json, chunked])), chunk(completion('hi'))])],
  'inside text': [chat, Buffer.concat([Buffer.from(head(200, ['content-type: text/plain', chunked])), chunk('hello')])],
}

const ends: Readonly<Record<string, (socket: Socket) => void>> = {
  closes: (socket) => socket.end(),
  resets: (socket) => socket.resetAndDestroy(),
}

/** A server that dies, at every place. */
export const upstreamFailures: readonly Call[] = Object.entries(ends).flatMap(([how, end]) =>
  Object.entries(written).map(([where, [ask, bytes]]) => ({
    name: `death: ${how} ${where}`,
    answer: async (socket: Socket) => {
      socket.write(bytes)
      await wasRead(socket)
      end(socket)
    },
    ask,
  })),
)

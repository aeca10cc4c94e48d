import type { Socket } from 'node:net'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import {
  type Call,
  chat,
  chunk,
  chunked,
  completion,
  delta,
  events,
  head,
  json,
  lastChunk,
  sized,
  streamedChat,
} from '../call.ts'

const text = completion('h\u00e9llo \u{1f600}'.repeat(200))
const stream = [delta('a'), delta('\u00e9'), delta('c'), '[DONE]'].map((data) => `data: ${data}\n\n`).join('')
/** `{"zstd":true}` in one frame (RFC 8878), which Node.js 20 cannot make. */
const zstdFrame = Buffer.from('28b52ffd200d6900007b227a737464223a747275657d', 'hex')

const contents: Readonly<Record<string, readonly [coding: string, bytes: Buffer]>> = {
  gzip: ['gzip', gzipSync(text)],
  'x-gzip': ['x-gzip', gzipSync(text)],
  'GZIP in capitals': ['GZIP', gzipSync(text)],
  'deflate with a head (RFC 1950)': ['deflate', deflateSync(text)],
  'deflate without one (RFC 1951)': ['deflate', deflateRawSync(text)],
  br: ['br', brotliCompressSync(text)],
  zstd: ['zstd', zstdFrame],
  'gzip in br': ['gzip, br', brotliCompressSync(gzipSync(text))],
  'gzip of two members': ['gzip', Buffer.concat([gzipSync(text), gzipSync(text)])],
  'gzip of nothing': ['gzip', gzipSync('')],
  'nothing that is called gzip': ['gzip', Buffer.alloc(0)],
  identity: ['identity', Buffer.from(text)],
  'a coding that nobody knows': ['x-own', Buffer.from(text)],
  'gzip without an end': ['gzip', gzipSync(text).subarray(0, -8)],
  'gzip that is none': ['gzip', Buffer.from(text)],
}

/** What is compressed although nobody asked for it. */
export const encodings: readonly Call[] = [
  ...Object.entries(contents).map(([name, [coding, bytes]]) => ({
    name: `coding: ${name}`,
    answer: (socket: Socket) => void socket.write(sized(200, [json, `content-encoding: ${coding}`], bytes)),
    ask: chat,
  })),
  ...(['gzip', 'br', 'deflate'] as const).map((coding) => ({
    name: `coding: events in ${coding}`,
    answer: (socket: Socket) => {
      const bytes = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync }[coding](stream)
      socket.write(head(200, [events, `content-encoding: ${coding}`, chunked]))
      for (let offset = 0; offset < bytes.length; offset += 20) socket.write(chunk(bytes.subarray(offset, offset + 20)))
      socket.write(lastChunk)
    },
    ask: streamedChat,
  })),
  {
    name: 'coding: a refusal in gzip',
    answer: (socket: Socket) =>
      void socket.write(sized(429, [json, 'content-encoding: gzip'], gzipSync('{"error":{"message":"slow"}}'))),
    ask: chat,
  },
] satisfies Call[]

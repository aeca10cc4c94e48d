import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, chat, chunk, chunked, completion, head, json, lastChunk, sized, streamedChat } from '../call.ts'

const text = completion('h\u00e9llo')
const bytes = Buffer.from(text)

/** How content is framed, and how it arrives. */
export const framings: readonly Call[] = [
  {
    name: 'framing: chunks',
    answer: (socket: Socket) =>
      void socket.write(Buffer.concat([Buffer.from(head(200, [json, chunked])), chunk(text), Buffer.from(lastChunk)])),
    ask: chat,
  },
  {
    name: 'framing: chunks of one byte, written one by one',
    answer: async (socket: Socket) => {
      socket.write(head(200, [json, chunked]))
      for (const byte of bytes) {
        socket.write(chunk(Buffer.of(byte)))
        await sleep(0)
      }
      socket.write(lastChunk)
    },
    ask: chat,
  },
  {
    name: 'framing: chunks with extensions and trailers',
    answer: (socket: Socket) =>
      void socket.write(
        `${head(200, [json, chunked, 'trailer: x-a'])}${bytes.length.toString(16).toUpperCase()};a=b\r\n${text}\r\n0\r\nx-a: 1\r\n\r\n`,
      ),
    ask: chat,
  },
  {
    name: 'framing: to the end of the connection',
    answer: (socket: Socket) => void socket.end(`${head(200, [json, 'connection: close'])}${text}`),
    ask: chat,
  },
  {
    name: 'framing: HTTP/1.0',
    answer: (socket: Socket) => void socket.end(`HTTP/1.0 200 OK\r\n${json}\r\n\r\n${text}`),
    ask: chat,
  },
  {
    name: 'framing: HTTP/1.0 with a length',
    answer: (socket: Socket) =>
      void socket.end(`HTTP/1.0 200 OK\r\n${json}\r\ncontent-length: ${bytes.length}\r\n\r\n${text}`),
    ask: chat,
  },
  {
    name: 'framing: an empty content',
    answer: (socket: Socket) => void socket.write(sized(200, [json], '')),
    ask: chat,
  },
  {
    name: 'framing: chunks without a content',
    answer: (socket: Socket) => void socket.write(`${head(200, [json, chunked])}${lastChunk}`),
    ask: chat,
  },
  {
    name: 'framing: a head in parts',
    answer: async (socket: Socket) => {
      for (const part of sized(200, [json], text)
        .toString('latin1')
        .match(/[^]{1,7}/g) ?? []) {
        socket.write(part, 'latin1')
        await sleep(0)
      }
    },
    ask: chat,
  },
  {
    name: 'framing: a content that comes late',
    answer: async (socket: Socket) => {
      socket.write(head(200, [json, `content-length: ${bytes.length}`]))
      await sleep(150)
      socket.write(text)
    },
    ask: chat,
  },
  {
    name: 'framing: JSON behind blanks',
    answer: async (socket: Socket) => {
      socket.write(head(200, [json, chunked]))
      for (let blank = 0; blank < 3; blank += 1) {
        socket.write(chunk('\n'))
        await sleep(60)
      }
      socket.write(Buffer.concat([chunk(text), Buffer.from(lastChunk)]))
    },
    ask: chat,
  },
  {
    name: 'framing: lines of JSON',
    answer: async (socket: Socket) => {
      socket.write(head(200, ['content-type: application/x-ndjson', chunked]))
      for (let line = 0; line < 3; line += 1) {
        socket.write(chunk(`{"line":${line}}\n`))
        await sleep(10)
      }
      socket.write(lastChunk)
    },
    ask: streamedChat,
  },
  {
    name: 'framing: 1 MiB',
    answer: (socket: Socket) => void socket.write(sized(200, [json], completion('x'.repeat(1 << 20)))),
    ask: chat,
  },
  {
    name: 'framing: bytes of all kinds',
    answer: (socket: Socket) =>
      void socket.write(
        sized(
          200,
          ['content-type: audio/mpeg'],
          Uint8Array.from({ length: 4096 }, (_, index) => index),
        ),
      ),
    ask: chat,
  },
  {
    name: 'framing: two lengths',
    answer: (socket: Socket) => void socket.write(`${head(200, [json, 'content-length: 2', 'content-length: 3'])}{} `),
    ask: chat,
  },
  { name: 'framing: not HTTP', answer: (socket: Socket) => void socket.end('SSH-2.0-OpenSSH_9.6\r\n'), ask: chat },
  {
    name: 'framing: HTML',
    answer: (socket: Socket) => void socket.write(sized(502, ['content-type: text/html'], '<h1>Bad Gateway</h1>')),
    ask: chat,
  },
] satisfies Call[]

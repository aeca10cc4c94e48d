import type { Socket } from 'node:net'
import { type Call, chat, completion, head, json, sized } from '../call.ts'

const refusal = '{"error":{"message":"no","type":"invalid_request_error","code":null,"param":null}}'
const withContent = [
  200, 201, 202, 203, 206, 207, 226, 300, 400, 401, 402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 418, 422, 424,
  425, 429, 431, 451, 499, 500, 501, 502, 503, 504, 507, 520, 524, 529, 598, 599,
]
const withoutContent = [204, 205, 304]
const redirects = [301, 302, 303, 307, 308]
const none = [101, 600, 700, 999]

/** Every kind of status. */
export const statuses: readonly Call[] = [
  ...withContent.map((status) => ({
    name: `status ${status}`,
    answer: (socket: Socket) => void socket.write(sized(status, [json], status < 400 ? completion('hi') : refusal)),
    ask: chat,
  })),
  ...withoutContent.map((status) => ({
    name: `status ${status}, without content`,
    answer: (socket: Socket) => void socket.write(head(status, ['etag: "1"'])),
    ask: chat,
  })),
  ...redirects.map((status) => ({
    name: `status ${status}, without a place to go`,
    answer: (socket: Socket) => void socket.write(sized(status, [json], refusal)),
    ask: chat,
  })),
  {
    name: 'status 307, elsewhere',
    answer: (socket: Socket, _: unknown, number: number) =>
      void socket.write(number === 0 ? sized(307, ['location: /v1/models'], '') : sized(200, [json], '{}')),
    ask: chat,
  },
  ...none.map((status) => ({
    name: `status ${status}, which is none`,
    answer: (socket: Socket) =>
      void socket.write(head(status, status === 101 ? ['upgrade: x', 'connection: upgrade'] : ['content-length: 0'])),
    ask: chat,
  })),
  {
    name: 'status 103 before the answer',
    answer: (socket: Socket) =>
      void socket.write(Buffer.concat([Buffer.from(head(103, ['link: </x>'])), sized(200, [json], completion('hi'))])),
    ask: chat,
  },
  {
    name: 'status without a reason',
    answer: (socket: Socket) => void socket.write(sized('200 ', [json], completion('hi'))),
    ask: chat,
  },
] satisfies Call[]

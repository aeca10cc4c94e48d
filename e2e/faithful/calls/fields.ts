import type { Socket } from 'node:net'
import { type Call, chat, completion, json, sized } from '../call.ts'

const fields: Readonly<Record<string, readonly string[]>> = {
  'one field': ['x-request-id: 1'],
  'limits of a rate': ['retry-after: 7', 'x-ratelimit-remaining-requests: 0', 'x-ratelimit-reset-tokens: 6m0s'],
  'one name twice': ['x-a: 1', 'x-a: 2', 'link: </a>; rel=next', 'link: </b>; rel=prev'],
  'an empty value': ['x-empty:', 'x-blank:   '],
  'blanks around a value': ['x-blanks: \t a b  '],
  'names in capitals': ['X-Request-ID: 1', 'OpenAI-Processing-MS: 20'],
  'no blank behind the colon': ['x-tight:1'],
  'a blank before the colon': ['x-spaced : 1'],
  'a value over two lines': ['x-folded: one', '  two'],
  'characters of ISO 8859-1': ['x-latin: h\u00e9llo'],
  'signs in a name': ["x-!#$%&'*+.^_`|~: 1"],
  'quotes and commas': ['x-list: "a, b", c;q=0.5'],
  '90 fields': Array.from({ length: 90 }, (_, index) => `x-${index}: ${index}`),
  '300 fields': Array.from({ length: 300 }, (_, index) => `x-${index}: ${index}`),
  'a value of 8 KB': [`x-long: ${'y'.repeat(8000)}`],
  'a date': ['date: Sun, 06 Nov 1994 08:49:37 GMT'],
  'fields of caches': ['cache-control: private, max-age=1', 'etag: W/"1"', 'age: 3', 'vary: accept', 'expires: 0'],
  cookies: ['set-cookie: a=b'],
  'fields of a connection': ['connection: keep-alive, x-hop', 'x-hop: 1', 'keep-alive: timeout=5'],
  'a connection that is closed': ['connection: close'],
  'fields of cross-origin requests': ['access-control-allow-origin: *', 'access-control-expose-headers: x-a'],
  'the name of our own code': ['blindllama-code: request.duplicate', 'blindllama-receipt: AAAA'],
  'security fields': ['strict-transport-security: max-age=1', "content-security-policy: default-src 'none'"],
  'a server that says who it is': ['server: uvicorn', 'via: 1.1 caddy', 'x-powered-by: Express'],
}

const types: readonly string[] = [
  'application/json; charset=utf-8',
  'text/html',
  'text/plain',
  'audio/mpeg',
  'application/problem+json',
  'Application/JSON',
]

/** What a head can hold. */
export const responseFields: readonly Call[] = [
  ...Object.entries(fields).map(([name, lines]) => ({
    name: `fields: ${name}`,
    answer: (socket: Socket) => void socket.write(sized(200, [json, ...lines], completion('hi'))),
    ask: chat,
  })),
  ...types.map((type) => ({
    name: `type: ${type}`,
    answer: (socket: Socket) => void socket.write(sized(200, [`content-type: ${type}`], completion('hi'))),
    ask: chat,
  })),
  { name: 'type: none', answer: (socket: Socket) => void socket.write(sized(200, [], completion('hi'))), ask: chat },
] satisfies Call[]

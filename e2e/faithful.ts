/**
 * `pnpm test:faithful [--json] [--only TEXT] [--show]`: makes each call of a table directly to a model server and through gateway and SDK,
 * and demands that program and server see the same. A difference must be in the table of PROTOCOL.md §11.
 */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connect } from '@blindllama/web-sdk'
import { startStaging } from '../services/staging/staging.ts'
import type { Call } from './faithful/call.ts'
import { upstreamFailures } from './faithful/calls/upstream-failures.ts'
import { encodings } from './faithful/calls/encodings.ts'
import { responseFields } from './faithful/calls/fields.ts'
import { framings } from './faithful/calls/framings.ts'
import { cancellations } from './faithful/calls/cancellations.ts'
import { libraries } from './faithful/calls/libraries.ts'
import { requests } from './faithful/calls/requests.ts'
import { statuses } from './faithful/calls/statuses.ts'
import { streams } from './faithful/calls/streams.ts'
import { differences, explain } from './faithful/differences.ts'
import { observe } from './faithful/observe.ts'
import { RawUpstream } from './faithful/raw-upstream.ts'

const { json, only, show } = parseArgs({
  options: { json: { type: 'boolean' }, only: { type: 'string' }, show: { type: 'boolean' } },
}).values
const all: readonly Call[] = [
  statuses,
  responseFields,
  encodings,
  framings,
  upstreamFailures,
  streams,
  requests,
  libraries,
  cancellations,
].flat()
const calls: readonly Call[] = all.filter(({ name }) => only === undefined || name.includes(only))

/** The default routes, and some that an operator may add. */
const routes = [
  'POST /v1/chat/completions',
  'POST /v1/completions',
  'POST /v1/embeddings',
  'POST /v1/moderations',
  'POST /v1/responses',
  'GET /v1/models',
  'GET /v1/models/{id}',
  'POST /v1/files',
  'GET /v1/files',
  'GET /v1/files/{id}',
  'GET /v1/files/{id}/content',
  'DELETE /v1/files/{id}',
  'POST /v1/batches',
  'GET /v1/batches/{id}',
  'POST /v1/batches/{id}/cancel',
  'POST /v1/audio/speech',
  'POST /v1/audio/transcriptions',
  'POST /v1/images/generations',
  'POST /v1/images/edits',
  'POST /v1/rerank',
  'POST /score',
  'POST /tokenize',
]

const started: number = performance.now()
const undo: (() => unknown)[] = []
const unexplained: string[] = []
const explained = new Map<string, number>()
let same = 0

try {
  const page = await mkdtemp(join(tmpdir(), 'blindllama-faithful-'))
  undo.push(async () => rm(page, { recursive: true, force: true }))
  const upstream = await RawUpstream.start()
  undo.push(() => upstream.stop())
  upstream.answer = (socket) => {
    const models = JSON.stringify({ object: 'list', data: [{ id: 'm', object: 'model' }] })
    socket.write(
      `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${models.length}\r\n\r\n${models}`,
    )
  }
  const staging = await startStaging({ upstream: upstream.url, page, gateway: { upstream: { routes } } })
  undo.push(async () => staging.stop())
  const client = await connect({ url: staging.url, policy: staging.policy, dangerouslyAllowSimulated: true })
  undo.push(() => client.close())
  for (const call of calls) {
    const direct = await observe(call, upstream, globalThis.fetch, `${upstream.url}/`)
    const through = await observe(call, upstream, client.fetch, staging.url)
    const names = explain(direct, through)
    if (names === undefined) {
      unexplained.push(`  differs: ${call.name}\n    direct:  ${shown(direct)}\n    gateway: ${shown(through)}\n`)
    } else if (names.length === 0) same += 1
    else for (const name of names) explained.set(name, (explained.get(name) ?? 0) + 1)
    if (show === true) process.stdout.write(`  ${call.name}: ${names?.join(', ') ?? 'unexplained'} ${shown(through)}\n`)
  }
} finally {
  for (const step of undo.toReversed()) await step()
}

function shown(run: unknown): string {
  return JSON.stringify(run).slice(0, 600)
}

/** A row of the protocol without a call, or a difference without a row, is a defect of one of them. */
function missingRows(): string[] {
  const protocol = readFileSync(new URL('../spec/protocol/11-inner-request.md', import.meta.url), 'utf8')
  const undocumented = differences.filter(({ name }) => !protocol.includes(`| ${name} |`))
  const unused = only === undefined ? differences.filter(({ name }) => !explained.has(name)) : []
  return [
    ...undocumented.map(({ name }) => `PROTOCOL.md §11 has no row "${name}"`),
    ...unused.map(({ name }) => `no call shows the difference "${name}"`),
  ]
}

const rows: string[] = missingRows()
for (const sentence of rows) process.stdout.write(`  ${sentence}\n`)
for (const [name, count] of explained) process.stdout.write(`  explained by "${name}": ${count}\n`)
// Last: whoever shows the end of a long output shows what failed.
process.stdout.write(unexplained.join(''))
const failed: number = unexplained.length + rows.length
const differing: number = calls.length - same - unexplained.length
process.stdout.write(`${calls.length - unexplained.length} passed, ${failed} failed\n`)
if (json === true) {
  const seconds = Math.round((performance.now() - started) / 1000)
  process.stdout.write(
    `${JSON.stringify({ calls: calls.length, same, explained: differing, unexplained: unexplained.length, seconds })}\n`,
  )
}
process.exit(failed === 0 && calls.length > 0 ? 0 : 1)

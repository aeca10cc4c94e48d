/**
 * `pnpm test:clients [--json] [--quick] [--only TEXT]`: makes the calls of client libraries directly to a model server and through gateway
 * and SDK, and demands that the program sees the same. Servers: llama.cpp's `llama-server` with a real model, and a scripted one that answers
 * as vLLM's sources say. `--quick` leaves the first one out, which has to be built once.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { connect } from '@blindllama/web-sdk'
import { startStaging } from '../services/staging/staging.ts'
import { aiSdkClients } from './clients/ai-sdk.ts'
import { type Asked, callNames, type Client, type CallName, failure, type Fetch } from './clients/client.ts'
import { langchain } from './clients/langchain.ts'
import { startLlamaServer } from './clients/llama-server.ts'
import { openaiClients } from './clients/openai.ts'
import { plainFetch } from './clients/plain-fetch.ts'
import type { ModelServer } from './clients/server.ts'
import { startVllmLike } from './clients/vllm-like.ts'

/** A small model on one busy thread takes its time; what hangs takes longer. */
const callMs = 120_000

/** A call of a client to a server, both ways. */
interface Row {
  readonly server: string
  readonly client: string
  readonly call: CallName
  /** `answer`: the program got one; `refusal`: it got the server's error, both ways the same. */
  readonly result: 'answer' | 'refusal' | 'differs'
  readonly direct?: unknown
  readonly through?: unknown
}

const { json, quick, only } = parseArgs({
  options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, only: { type: 'string' } },
}).values
const clients: readonly Client[] = [plainFetch, ...openaiClients, ...aiSdkClients, langchain]
const started: number = performance.now()
const undo: (() => unknown)[] = []
const rows: Row[] = []

/** What the program saw and what the server got. */
async function observe(
  ask: (asked: Asked) => Promise<unknown>,
  server: ModelServer,
  asked: Asked,
): Promise<{ readonly failed: boolean; readonly saw: unknown; readonly got: readonly string[] }> {
  server.received()
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${callMs / 1000} s`)), callMs)
  })
  try {
    const saw = await Promise.race([ask(asked), late])
    return { failed: false, saw: JSON.parse(JSON.stringify(saw ?? null)) as unknown, got: server.received() }
  } catch (error) {
    return { failed: true, saw: failure(error), got: server.received() }
  } finally {
    clearTimeout(timer)
  }
}

async function compare(server: ModelServer, page: string): Promise<void> {
  const staging = await startStaging({ upstream: server.url, page })
  const client = await connect({ url: staging.url, policy: staging.policy, dangerouslyAllowSimulated: true })
  try {
    for (const { name, calls } of clients)
      for (const call of callNames) {
        const ask = calls[call]
        if (!ask || (only !== undefined && !`${server.name} ${name} ${call}`.includes(only))) continue
        const to = (fetch: Fetch, base: string): Asked => ({ fetch, base, model: server.model })
        const direct = await observe(ask, server, to(globalThis.fetch, `${server.url}/`))
        const through = await observe(ask, server, to(client.fetch, staging.url))
        const same = isDeepStrictEqual(direct, through)
        const result = !same ? 'differs' : direct.failed ? 'refusal' : 'answer'
        rows.push({ server: server.name, client: name, call, result, ...(!same && { direct, through }) })
      }
  } finally {
    client.close()
    await staging.stop()
  }
}

try {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-clients-'))
  undo.push(async () => rm(folder, { recursive: true, force: true }))
  for (const start of [startVllmLike, ...(quick === true ? [] : [() => startLlamaServer(folder)])]) {
    const server = await start()
    undo.push(() => server.stop())
    await compare(server, folder)
  }
} finally {
  for (const step of undo.toReversed()) await step()
}

for (const server of new Set(rows.map((row) => row.server))) {
  process.stdout.write(`${server}\n${''.padEnd(20)}${clients.map(({ name }) => name.padEnd(10)).join('')}\n`)
  for (const call of callNames) {
    const cells = clients.map(({ name }) => {
      const row = rows.find((each) => each.server === server && each.client === name && each.call === call)
      return (row?.result ?? '–').padEnd(10)
    })
    process.stdout.write(`  ${call.padEnd(18)}${cells.join('')}\n`)
  }
}
const differing: readonly Row[] = rows.filter(({ result }) => result === 'differs')
for (const { server, client, call, direct, through } of differing)
  process.stdout.write(
    `differs: ${server}, ${client}, ${call}\n  ${JSON.stringify(direct)}\n  ${JSON.stringify(through)}\n`,
  )
// A call that every client is refused shows nothing of the answer.
const answered: number = rows.filter(({ result }) => result === 'answer').length
const fault: number = differing.length + (answered === 0 ? 1 : 0)
process.stdout.write(`${rows.length - differing.length} passed, ${fault} failed\n`)
if (json === true) {
  const seconds = Math.round((performance.now() - started) / 1000)
  const short = rows.map(({ server, client, call, result }) => ({ server, client, call, result }))
  process.stdout.write(
    `${JSON.stringify({ calls: rows.length, answered, unexplained: differing.length, seconds, rows: short })}\n`,
  )
}
process.exit(fault === 0 ? 0 : 1)

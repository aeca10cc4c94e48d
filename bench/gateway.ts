import { type Server, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '@blindllama/web-sdk'
import { startStaging } from '../services/staging/staging.ts'
import { type Comparison, type Quartiles, compare, quartiles, ready } from './statistics.js'

/** Between leaving the model's server and reaching the application, in milliseconds. */
interface Delays {
  p50: number
  p99: number
}

export interface GatewayResult {
  /** From `fetch` to the head of the answer, through SDK and real gateway against `fetch` to the model's server itself. */
  setUp: Comparison
  /** Of each token of a stream, both ways in turn. */
  tokens: { plain: Delays; ours: Delays; addedP50: number; addedP99: number }
  /** Added to the median token of a stream, stream by stream. */
  addedPerStream: Quartiles
}

const tokens = 100
const betweenMs = 5
const streams = 8

/** Measures in Node, through the real gateway on a software TPM, on the loopback. */
export async function benchGateway(): Promise<GatewayResult> {
  const sent: number[] = []
  const upstream = await serve(sent)
  const page = await mkdtemp(join(tmpdir(), 'bench-page-'))
  const direct = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`
  const staging = await startStaging({ upstream: direct.slice(0, -1), page })
  try {
    const client = await connect({ url: staging.url, policy: staging.policy, dangerouslyAllowSimulated: true })
    const setUp = await compare(
      ready(async () => (await client.fetch(new URL('v1/models', staging.url))).text()),
      ready(async () => (await fetch(new URL('v1/models', direct))).text()),
      40,
      5,
    )
    const plain: number[][] = []
    const ours: number[][] = []
    for (let pair = 0; pair < streams; pair += 1) {
      plain.push(await delays(fetch, direct, sent))
      ours.push(await delays(client.fetch, staging.url, sent))
    }
    client.close()
    return { setUp, ...summary(plain, ours) }
  } finally {
    await staging.stop()
    upstream.closeAllConnections()
    upstream.close()
    await rm(page, { recursive: true })
  }
}

function summary(plain: number[][], ours: number[][]): Omit<GatewayResult, 'setUp'> {
  const [without, through] = [percentiles(plain.flat()), percentiles(ours.flat())]
  const addedP50 = through.p50 - without.p50
  const addedPerStream = quartiles(
    ours.map((delay, pair) => quartiles(delay).median - quartiles(plain[pair] ?? []).median),
  )
  return {
    tokens: { plain: without, ours: through, addedP50, addedP99: through.p99 - without.p99 },
    addedPerStream,
  }
}

function percentiles(sample: readonly number[]): Delays {
  const sorted = [...sample].sort((one, other) => one - other)
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99) }
}

/** Reads one stream and notes when each event was whole. */
async function delays(send: typeof fetch, base: string, sent: number[]): Promise<number[]> {
  sent.length = 0
  const body = JSON.stringify({ model: 'clock', messages: [], stream: true })
  const headers = { 'content-type': 'application/json' }
  const response = await send(new URL('v1/chat/completions', base), { method: 'POST', headers, body })
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  const arrived: number[] = []
  let text = ''
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    text += part.value
    const whole = text.split('\n\n').length - 1
    while (arrived.length < whole) arrived.push(performance.now())
  }
  if (arrived.length !== tokens) throw new Error(`${arrived.length} of ${tokens} tokens arrived`)
  return arrived.map((time, token) => time - (sent[token] ?? Number.NaN))
}

/** A model's server that notes when it sends. */
async function serve(sent: number[]): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume()
    if (request.url !== '/v1/chat/completions') {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end('{"object":"list","data":[{"id":"clock","object":"model"}]}')
      return
    }
    request.on('end', () => void stream(response, sent))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

async function stream(response: ServerResponse, sent: number[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
  for (let token = 0; token < tokens; token += 1) {
    await new Promise((resolve) => setTimeout(resolve, betweenMs))
    sent.push(performance.now())
    response.write(`data: {"choices":[{"index":0,"delta":{"content":"token ${token}"}}]}\n\n`)
  }
  response.end()
}

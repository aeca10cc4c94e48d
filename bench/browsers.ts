import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type EngineName, launch } from '../e2e/support/browser.ts'
import type { Engine, Tab } from '../e2e/support/tab.ts'
import type { AnswerResult, benchAnswers } from './answers.js'
import type { calibrate } from './calibrate.js'
import type { ChannelResult, benchChannel } from './channel.js'
import { type Quartiles, quartiles } from './statistics.js'
import type { UploadResult, benchUploads } from './uploads.js'
import type { Vector, coldVerify, warmVerify } from './verify.js'

interface PageGlobals {
  bench: {
    benchAnswers: typeof benchAnswers
    benchChannel: typeof benchChannel
    benchUploads: typeof benchUploads
    calibrate: typeof calibrate
    coldVerify: typeof coldVerify
    warmVerify: typeof warmVerify
  }
}

export interface BrowserResult {
  /** What the browser says of itself. */
  version: string
  calibrationMs: number
  channel: ChannelResult
  answers: AnswerResult
  uploads: UploadResult
  /** By the name of the vector: what it is, and milliseconds. */
  verify: Record<string, { what: string; load: Quartiles; first: Quartiles; cold: Quartiles; warm: Quartiles }>
}

const coldRuns = 15
const wasm = readFileSync(new URL('../packages/verifier-wasm/pkg/blindllama_verifier_bg.wasm', import.meta.url))

/** Runs the benches in a stock browser, over HTTP from the loopback. */
export async function benchBrowser(name: EngineName, vectors: readonly Vector[]): Promise<BrowserResult> {
  const server = await serve(await bundle())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const engine = await launch(name)
  try {
    const measured = await inTab(engine, origin, async (tab) => ({
      version: await tab.evaluate(() => navigator.userAgent, null),
      calibrationMs: await tab.evaluate(() => (globalThis as unknown as PageGlobals).bench.calibrate(), null),
      channel: await tab.evaluate(async () => (globalThis as unknown as PageGlobals).bench.benchChannel(), null),
      answers: await tab.evaluate(async () => (globalThis as unknown as PageGlobals).bench.benchAnswers(), null),
      uploads: await tab.evaluate(async () => (globalThis as unknown as PageGlobals).bench.benchUploads(), null),
    }))
    const verify: BrowserResult['verify'] = {}
    for (const vector of vectors) verify[vector.name] = await benchVerify(engine, origin, vector)
    return { ...measured, verify }
  } finally {
    await engine.close()
    server.close()
  }
}

async function benchVerify(engine: Engine, origin: string, vector: Vector): Promise<BrowserResult['verify'][string]> {
  const cold = []
  for (let run = 0; run < coldRuns; run += 1)
    // A tab of its own: neither the HTTP cache nor compiled code of the run before.
    cold.push(
      await inTab(engine, origin, async (tab) =>
        tab.evaluate(
          async (input) => (globalThis as unknown as PageGlobals).bench.coldVerify('/verifier.wasm', input),
          vector,
        ),
      ),
    )
  const warm = await inTab(engine, origin, async (tab) =>
    tab.evaluate(
      async (input) => (globalThis as unknown as PageGlobals).bench.warmVerify('/verifier.wasm', input),
      vector,
    ),
  )
  return {
    what: vector.why,
    load: quartiles(cold.map(({ loadMs }) => loadMs)),
    first: quartiles(cold.map(({ firstMs }) => firstMs)),
    cold: quartiles(cold.map(({ loadMs, firstMs }) => loadMs + firstMs)),
    warm,
  }
}

async function inTab<Result>(engine: Engine, origin: string, work: (tab: Tab) => Promise<Result>): Promise<Result> {
  const { tab, close } = await engine.newTab()
  try {
    await tab.open(origin)
    return await work(tab)
  } finally {
    await close()
  }
}
async function bundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    define: { WASM_SHA256: JSON.stringify(createHash('sha256').update(wasm).digest('hex')), WASM_REMEDY: '""' },
    logLevel: 'error',
  })
  return outputFiles[0]?.contents ?? new Uint8Array()
}

async function serve(script: Uint8Array): Promise<Server> {
  const files: Record<string, [type: string, body: Uint8Array]> = {
    '/': [
      'text/html',
      Buffer.from('<!doctype html><link rel="icon" href="data:,"><script type="module" src="/bench.js"></script>'),
    ],
    '/bench.js': ['text/javascript', script],
    '/verifier.wasm': ['application/wasm', wasm],
  }
  const server = createServer((request, response) => {
    const [type, body] = files[request.url ?? ''] ?? ['text/plain', Buffer.from('not found')]
    // Isolation gives pages the finer clock.
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    response.writeHead(200, { 'content-type': type }).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

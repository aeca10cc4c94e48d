import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { type Browser, type Page, chromium } from 'playwright'
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

export interface ChromiumResult {
  version: string
  calibrationMs: number
  channel: ChannelResult
  answers: AnswerResult
  uploads: UploadResult
  verify: Record<string, { load: Quartiles; first: Quartiles; warm: Quartiles }>
}

const coldRuns = 15
const wasm = readFileSync(new URL('../packages/verifier-wasm/pkg/blindllama_verifier_bg.wasm', import.meta.url))

/** Runs the benches in stock Chromium, over HTTP from the loopback. */
export async function benchChromium(vectors: readonly Vector[]): Promise<ChromiumResult> {
  const server = await serve(await bundle())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  try {
    const page = await open(browser, origin)
    const calibrationMs = await page.evaluate(() => (globalThis as unknown as PageGlobals).bench.calibrate())
    const channel = await page.evaluate(async () => (globalThis as unknown as PageGlobals).bench.benchChannel())
    const answers = await page.evaluate(async () => (globalThis as unknown as PageGlobals).bench.benchAnswers())
    const uploads = await page.evaluate(async () => (globalThis as unknown as PageGlobals).bench.benchUploads())
    await page.close()
    const verify: ChromiumResult['verify'] = {}
    for (const vector of vectors) verify[vector.name] = await benchVerify(browser, origin, vector)
    return { version: browser.version(), calibrationMs, channel, answers, uploads, verify }
  } finally {
    await browser.close()
    server.close()
  }
}

async function benchVerify(
  browser: Browser,
  origin: string,
  vector: Vector,
): Promise<ChromiumResult['verify'][string]> {
  const cold = []
  for (let run = 0; run < coldRuns; run += 1) {
    // A context of its own: neither the HTTP cache nor compiled code of the run before.
    const page = await open(browser, origin)
    cold.push(
      await page.evaluate(
        async (input) => (globalThis as unknown as PageGlobals).bench.coldVerify('/verifier.wasm', input),
        vector,
      ),
    )
    await page.context().close()
  }
  const page = await open(browser, origin)
  const warm = await page.evaluate(
    async (input) => (globalThis as unknown as PageGlobals).bench.warmVerify('/verifier.wasm', input),
    vector,
  )
  await page.context().close()
  return {
    load: quartiles(cold.map(({ loadMs }) => loadMs)),
    first: quartiles(cold.map(({ firstMs }) => firstMs)),
    warm,
  }
}

async function open(browser: Browser, origin: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage()
  await page.goto(origin)
  return page
}

async function bundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.ts', import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    define: { WASM_SHA256: JSON.stringify(createHash('sha256').update(wasm).digest('hex')) },
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

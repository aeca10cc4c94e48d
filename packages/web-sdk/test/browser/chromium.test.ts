import type { Server } from 'node:http'
import { type Browser, type Page, chromium } from 'playwright'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { connect } from '../../src/index.js'
import { originOf, servePages, writePages } from '../support/page.js'
import { type RealService, startRealService } from '../support/real-service.js'

/** What the pages of ../support/page.ts define. */
interface PageGlobals {
  connect: typeof connect
}

let service: RealService
let removePages: () => Promise<void>
/** The same pages, under a policy that forgets WebAssembly. */
let withoutWasm: Server
/** The same pages, whose policy lets them reach anything, at an origin that the gateway does not list. */
let stranger: Server
/** The same pages, under a policy that lets them reach their own server alone. */
let enclosed: Server
let browser: Browser
let page: Page
let violations: string[]

beforeAll(async () => {
  const pages = await writePages()
  removePages = pages.remove
  withoutWasm = await servePages(pages.folder, "default-src 'none'; script-src 'self'; connect-src *; img-src data:")
  const scripts = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; img-src data:"
  stranger = await servePages(pages.folder, `${scripts}; connect-src *`)
  enclosed = await servePages(pages.folder, `${scripts}; connect-src 'self'`)
  service = await startRealService({ page: pages.folder, origins: [originOf(withoutWasm), originOf(enclosed)] })
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await service?.stop()
  for (const server of [withoutWasm, stranger, enclosed]) server?.close()
  await removePages?.()
})
afterEach(async () => page?.close())

/** Opens a page that stands under the strict Content-Security-Policy of the staging. */
async function open(path: string): Promise<string[]> {
  const fetched: string[] = []
  violations = []
  page = await browser.newPage()
  page.on('request', (request) => fetched.push(`${request.method()} ${new URL(request.url()).pathname}`))
  page.on('console', (message) => message.type() === 'error' && violations.push(message.text()))
  await page.goto(new URL(path, service.staging.pageUrl).href)
  return fetched
}

interface Outcome {
  code?: string
  steps?: number
  kemId?: number
  events?: string[]
}

/** Connects and asks for a streamed answer; tells what came, or the code of what went wrong. */
async function chat(): Promise<Outcome> {
  const { url, policy } = service.staging
  return page.evaluate(
    async ({ base, text }): Promise<Outcome> => {
      try {
        const client = await (globalThis as unknown as PageGlobals).connect({
          url: base,
          policy: text,
          dangerouslyAllowSimulated: true,
        })
        const body = JSON.stringify({ stream: true, messages: [{ content: 'private words' }] })
        const response = await client.fetch(new URL('v1/chat/completions', base), { method: 'POST', body })
        const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
        const events: string[] = []
        for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read())
          events.push(part.value)
        return { steps: client.verdict.steps.length, kemId: client.verdict.key.kemId, events }
      } catch (error) {
        return { code: String((error as { code?: string }).code ?? error) }
      }
    },
    { base: url, text: policy },
  )
}

describe('Chromium, under a strict Content-Security-Policy', () => {
  test.each([
    ['a script tag', '/'],
    ['a bundled module', '/module.html'],
    ['the verifier inside the module', '/inline.html'],
  ])('proves the service and streams an answer: %s', async (_, path) => {
    const fetched = await open(path)
    const { code, steps, kemId, events } = await chat()
    expect(code).toBeUndefined()
    expect(steps).toBeGreaterThan(20)
    expect(kemId, 'MLKEM768-X25519, which this engine has itself').toBe(0x647a)
    expect(fetched.filter((request) => request.includes('post-quantum'))).toEqual([])
    expect(events?.length).toBeGreaterThan(2)
    expect(events?.join('')).toContain('[DONE]')
    expect(violations).toEqual([])
    expect(fetched.filter((request) => request.endsWith('.wasm'))).toHaveLength(path === '/inline.html' ? 0 : 1)
  })

  test('takes no image of the page for its script', async () => {
    const fetched = await open('/posing.html')
    expect((await chat()).code).toBe('wasm.load')
    expect(fetched.filter((request) => request.endsWith('.wasm'))).toEqual(['GET /blindllama_verifier_bg.wasm'])
  })

  test('names the directive where the page forbids WebAssembly', async () => {
    page = await browser.newPage()
    await page.goto(originOf(withoutWasm))
    expect(await chat()).toEqual({ code: 'wasm.blocked' })
  })

  test('refuses a verifier that was altered on its way', async () => {
    await open('/')
    await page.route('**/*.wasm', async (route) => {
      const response = await route.fetch()
      const body = await response.body()
      body[body.length - 1] = (body.at(-1) ?? 0) ^ 1
      await route.fulfill({ response, body })
    })
    expect(await chat()).toEqual({ code: 'wasm.integrity' })
  })

  test('says that the verifier is not there', async () => {
    await open('/')
    await page.route('**/*.wasm', async (route) => route.fulfill({ status: 404 }))
    expect(await chat()).toEqual({ code: 'wasm.load' })
  })

  test('says that the service is not there', async () => {
    await open('/')
    await page.route('**/evidence?**', async (route) => route.abort())
    expect(await chat()).toEqual({ code: 'evidence.unreachable' })
  })

  test.each([
    ['a gateway that does not list the page', () => stranger, 'answers, but not to pages of'],
    ['a page whose policy forbids the service', () => enclosed, 'The Content-Security-Policy of this page forbids'],
  ])('tells %s', async (_, server, words) => {
    page = await browser.newPage()
    await page.goto(`${originOf(server())}/inline.html`)
    const message = await page.evaluate(
      async ({ base, policy }) => {
        const { connect } = globalThis as unknown as PageGlobals
        return connect({ url: base, policy }).then(String, String)
      },
      { base: service.staging.url, policy: service.staging.policy },
    )
    expect(message).toContain(words)
    expect(message).toContain('(evidence.unreachable)')
  })

  test('takes the page of a captive portal for what it is', async () => {
    await open('/')
    await page.route('**/evidence?**', async (route) =>
      route.fulfill({ contentType: 'text/html', body: 'Welcome', headers: { 'access-control-allow-origin': '*' } }),
    )
    expect(await chat()).toEqual({ code: 'evidence.media_type' })
  })

  test('keeps nothing in the storage of the page', async () => {
    await open('/')
    await chat()
    const kept = await page.evaluate(async () => [
      localStorage.length,
      sessionStorage.length,
      (await indexedDB.databases()).length,
      (await caches.keys()).length,
      document.cookie,
    ])
    expect(kept).toEqual([0, 0, 0, 0, ''])
  })
})

import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sdkFolder } from './sdk-page.ts'

/** A page that the site writes: all of it is in its address. */
export interface DropInPage {
  /** Attributes of the tag. Without them the page has no tag. */
  readonly tag?: Readonly<Record<string, string>>
  /** The Content-Security-Policy, also of the frames and workers that the page has. */
  readonly csp?: string
  /** Address of the tag's script. Default: the one that has the verifier beside it. */
  readonly script?: string
  /** Elements of the page. */
  readonly body?: string
}

const worker = `
  onmessage = async ({ data: { url, options } }) => {
    try {
      if (options) {
        importScripts('/blindllama.js')
        BlindLlama.upgrade(options)
      }
      postMessage(String((await fetch(url)).status))
    } catch (error) {
      postMessage(error.code ?? error.name)
    }
  }`

/** Runs before the tag, and keeps the platform's fetch as any script there can. */
const first = `
  globalThis.early = fetch
  globalThis.faults = []
  addEventListener('error', ({ error }) => faults.push(error?.code))
  globalThis.attempt = async (what) => {
    try {
      await what()
      return 'sent'
    } catch (error) {
      return typeof error.code === 'string' ? error.code : error.name
    }
  }
  globalThis.askByXhr = (address) =>
    new Promise((resolve) => {
      const request = new XMLHttpRequest()
      request.open('GET', address)
      request.onloadend = () => resolve(request.status)
      request.send()
    })
  globalThis.askInWorker = (message) =>
    new Promise((resolve) => {
      const worker = new Worker('/worker.js')
      worker.onmessage = ({ data }) => resolve(data)
      worker.postMessage(message)
    })
  globalThis.askInFrame = async (address, src) => {
    const frame = document.createElement('iframe')
    if (src) frame.src = src
    const loaded = new Promise((resolve) => (frame.onload = resolve))
    document.body.append(frame)
    await loaded
    return attempt(() => frame.contentWindow.fetch(address, { mode: 'no-cors' }))
  }`

/** What {@link first} leaves in the global object of a page. */
export interface DropInGlobals {
  readonly early: typeof fetch
  /** Codes of the errors that were reported as uncaught. */
  readonly faults: readonly string[]
  /** Runs what is given and says its code, or `sent`. */
  readonly attempt: (what: () => unknown) => Promise<string>
  /** Gives the status. */
  readonly askByXhr: (address: string) => Promise<number>
  /** Gives the status or the code; `options` are those of `BlindLlama.upgrade` in the worker. */
  readonly askInWorker: (message: { url: string; options?: object }) => Promise<string>
  /** As `attempt`, by the fetch of a new frame, whose document is at `src`. */
  readonly askInFrame: (address: string, src?: string) => Promise<string>
}

/** Serves pages with the drop-in script as their first one, and notes what else is asked for. */
export class DropInSite {
  readonly origin: string
  /** Method and path of every request that was for no file of the site. */
  readonly asked: string[] = []
  policy = ''
  /** What is at `/signed.json`. */
  signed = ''
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(): Promise<DropInSite> {
    const script = await readFile(join(sdkFolder, 'blindllama.js'))
    const wasm = await readFile(join(sdkFolder, 'blindllama_verifier_bg.wasm'))
    const integrity = integrityOf(script)
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const site = new DropInSite(server)
    const files: Readonly<Record<string, readonly [string, () => string | Buffer]>> = {
      '/blindllama.js': ['text/javascript', () => script],
      '/alone/blindllama.js': ['text/javascript', () => script],
      '/blindllama_verifier_bg.wasm': ['application/wasm', () => wasm],
      '/policy.json': ['application/json', () => site.policy],
      '/signed.json': ['application/json', () => site.signed],
      '/first.js': ['text/javascript', () => first],
      '/worker.js': ['text/javascript', () => worker],
      '/frame.html': ['text/html', () => '<!doctype html><title>frame</title>'],
    }
    server.on('request', ({ method, url = '/', headers }, response) => {
      const { pathname, searchParams } = new URL(url, site.origin)
      const page = JSON.parse(searchParams.get('page') ?? '{}') as DropInPage
      // A frame or a worker belongs to a page, whose policy its file has as well, as on a server that sends one for all.
      const { csp } = page.csp === undefined ? pageOf(headers.referer) : page
      if (csp !== undefined) response.setHeader('content-security-policy', csp)
      const [type, content] = pathname === '/' ? ['text/html', () => html(page, integrity)] : (files[pathname] ?? [])
      if (type === undefined || content === undefined) site.asked.push(`${method} ${pathname}`)
      response.writeHead(content ? 200 : 404, { 'content-type': `${type ?? 'text/plain'}; charset=utf-8` })
      response.end(content?.())
    })
    return site
  }

  address(page: DropInPage): string {
    return `${this.origin}/?page=${encodeURIComponent(JSON.stringify(page))}`
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }
}

export function integrityOf(bytes: string | Buffer): string {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`
}

function pageOf(referer: string | undefined): DropInPage {
  const text = referer === undefined ? null : new URL(referer).searchParams.get('page')
  return JSON.parse(text ?? '{}') as DropInPage
}

function html({ tag, script: src = '/blindllama.js', body = '' }: DropInPage, integrity: string): string {
  const attributes = Object.entries(tag ?? {}).map(([name, value]) => `${name}="${value.replaceAll('"', '&quot;')}"`)
  const script = tag ? `<script src="${src}" integrity="${integrity}" ${attributes.join(' ')}></script>` : ''
  const head = '<!doctype html><meta charset="utf-8"><title>drop-in</title><link rel="icon" href="data:,">'
  return `${head}<script src="/first.js"></script>${script}<body>${body}`
}

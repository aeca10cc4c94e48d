import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'

const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
}

export interface PageServerOptions {
  /** The page starts workers, whose addresses Trusted Types refuse as text: the policy is without them. Default: false. */
  readonly workers?: boolean
}

interface Published {
  readonly serviceOrigin: string
  readonly staging: Buffer
  /** Names of the Trusted Types policies that the page may make. */
  readonly trustedTypes: string
}

/** Serves a built page and beside it `/staging.json`, under a policy that lets it talk to one service only. */
export class PageServer {
  readonly origin: string
  readonly #server: Server
  readonly #files: ReadonlyMap<string, Buffer>
  #published: Published | undefined
  readonly #workers: boolean

  private constructor(server: Server, files: ReadonlyMap<string, Buffer>, workers: boolean) {
    this.#workers = workers
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    this.#server = server
    this.#files = files
    server.on('request', ({ method, url }, response) => {
      const [path = '/'] = (url ?? '/').split('?')
      const body = method === 'GET' || method === 'HEAD' ? this.#find(path) : undefined
      const status = this.#published === undefined ? 503 : body === undefined ? 404 : 200
      const headers = {
        ...this.#headers(),
        'content-type': mediaTypes[extname(path) || '.html'] ?? 'application/octet-stream',
      }
      response.writeHead(status, headers)
      response.end(method === 'HEAD' || status !== 200 ? undefined : body)
    })
  }

  /** Listens at once; until {@link publish} it answers 503. @throws with code EADDRINUSE when the port is taken */
  static async start(folder: string, port: number, options: PageServerOptions = {}): Promise<PageServer> {
    const files = await readAll(folder)
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    return new PageServer(server, files, options.workers ?? false)
  }

  /** @param trustedTypes Names of the Trusted Types policies that the page may make */
  publish(serviceUrl: string, staging: object, trustedTypes = "'none'"): void {
    const { origin: serviceOrigin } = new URL(serviceUrl)
    this.#published = { serviceOrigin, staging: Buffer.from(JSON.stringify(staging)), trustedTypes }
  }

  async stop(): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await once(this.#server, 'close')
  }

  #find(path: string): Buffer | undefined {
    if (path === '/staging.json') return this.#published?.staging
    return this.#files.get(path.endsWith('/') ? `${path}index.html` : path)
  }

  #headers(): Record<string, string> {
    return {
      'content-security-policy': contentSecurityPolicy(this.#published, this.#workers),
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    }
  }
}

function contentSecurityPolicy(published: Published | undefined, workers: boolean): string {
  const { serviceOrigin, trustedTypes } = published ?? { serviceOrigin: '', trustedTypes: "'none'" }
  return [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    `connect-src 'self' ${serviceOrigin}`.trimEnd(),
    "img-src 'self' data:",
    "font-src 'self'",
    "manifest-src 'self'",
    ...(workers ? [] : ["require-trusted-types-for 'script'", `trusted-types ${trustedTypes}`]),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

/** Held in memory by their paths: nothing outside the folder can ever be asked for. */
async function readAll(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return new Map(
    await Promise.all(paths.map(async (path) => [path.slice(folder.length), await readFile(path)] as const)),
  )
}

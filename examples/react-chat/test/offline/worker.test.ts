import { readFileSync } from 'node:fs'
import { createContext, runInContext } from 'node:vm'
import { beforeEach, describe, expect, it } from 'vitest'
import { transformWithOxc } from 'vite'

const source = readFileSync(new URL('../../src/offline/worker.ts', import.meta.url), 'utf8')
const { code } = await transformWithOxc(source, 'worker.ts')
const files = { '/': 'sha256-AA==', '/assets/a.js': 'sha256-BB==' }

type Listener = (event: object) => void

/** The worker in a scope of the test's own, which notes what it does. */
class Scope {
  readonly listeners = new Map<string, Listener>()
  readonly fetched: string[] = []
  readonly added: Request[] = []
  readonly deleted: string[] = []
  network: 'up' | 'down' = 'up'
  names = ['blindllama-chat-old', 'another-app']

  constructor() {
    const cache = {
      addAll: async (requests: Request[]) => void this.added.push(...requests),
      match: async (path: string) => (Object.hasOwn(files, path) ? new Response(`copy of ${path}`) : undefined),
    }
    const globals = {
      addEventListener: (name: string, listener: Listener) => this.listeners.set(name, listener),
      location: { origin: 'https://chat.example' },
      caches: {
        open: async (name: string) => {
          if (!this.names.includes(name)) this.names.push(name)
          return cache
        },
        keys: async () => this.names,
        delete: async (name: string) => this.deleted.push(name),
      },
      fetch: async (request: Request, { signal }: RequestInit = {}) => {
        this.fetched.push(request.url)
        signal?.throwIfAborted()
        if (this.network === 'down') throw new TypeError('no network')
        return new Response('from the network')
      },
      Request: class extends Request {
        constructor(path: string, init: RequestInit) {
          super(new URL(path, 'https://chat.example'), init)
        }
      },
      URL,
      // Any time that the worker allows is over at once.
      AbortSignal: { timeout: () => AbortSignal.abort(new DOMException('late', 'TimeoutError')) },
    }
    const list = JSON.stringify(JSON.stringify(files))
    const built = code.replace(/(["'`])__FILES__\1/, () => list).replace('__DIGEST__', 'new')
    runInContext(built, createContext(globals))
  }

  /** @returns what the worker answers; `undefined` where it leaves the request to the browser */
  async fetch(url: string, init: { method?: string; mode?: string } = {}): Promise<string | undefined> {
    let answer: Promise<Response> | undefined
    // Whatever reads more of a request than method, address and mode, its body for one, throws here.
    const seen = { method: 'GET', mode: 'cors', url, ...init }
    const request = new Proxy(seen, {
      get(target, name) {
        if (name in target) return target[name as keyof typeof target]
        throw new Error(`the worker reads ${String(name)}`)
      },
    })
    this.listeners.get('fetch')?.({ request, respondWith: (given: Promise<Response>) => (answer = given) })
    return answer === undefined ? undefined : (await answer).text()
  }

  async run(name: 'install' | 'activate', more: object = {}): Promise<void> {
    let work: Promise<unknown> | undefined
    this.listeners.get(name)?.({ waitUntil: (given: Promise<unknown>) => (work = given), ...more })
    await work
  }
}

let scope: Scope
beforeEach(() => {
  scope = new Scope()
})

describe('the service worker', () => {
  it.each([
    ['an encapsulated request', 'https://llm.example/blindllama/v1/o/1', { method: 'POST' }],
    ['evidence', 'https://llm.example/blindllama/v1/evidence?nonce=1', {}],
    ['a service of the page’s own origin', 'https://chat.example/blindllama/v1/o/1', { method: 'POST' }],
    ['evidence of the page’s own origin', 'https://chat.example/blindllama/v1/evidence?nonce=1', {}],
    ['the deployment', 'https://chat.example/staging.json', {}],
    ['a file of another build', 'https://chat.example/assets/b.js', {}],
    ['a file of another origin by the same path', 'https://llm.example/assets/a.js', {}],
    ['a write to a file', 'https://chat.example/assets/a.js', { method: 'PUT' }],
    ['a name that every object has', 'https://chat.example/constructor', {}],
  ])('leaves alone: %s', async (_, url, init) => {
    expect(await scope.fetch(url, init)).toBeUndefined()
    expect(scope.fetched).toEqual([])
  })

  it('serves files of its build from the copy', async () => {
    expect(await scope.fetch('https://chat.example/assets/a.js')).toBe('copy of /assets/a.js')
    expect(scope.fetched).toEqual([])
  })

  it('takes the page from the network, and the copy only where there is none', async () => {
    expect(await scope.fetch('https://chat.example/?q', { mode: 'navigate' })).toBe('from the network')
    scope.network = 'down'
    expect(await scope.fetch('https://chat.example/?q', { mode: 'navigate' })).toBe('copy of /')
  })

  it('waits for a slow network, which must not keep an old page in use', async () => {
    expect(await scope.fetch('https://chat.example/', { mode: 'navigate' })).toBe('from the network')
  })

  it('copies each file by its hash, and removes copies of other builds alone', async () => {
    await scope.run('install')
    expect(
      scope.added.map(({ url, integrity, credentials }) => [new URL(url).pathname, integrity, credentials]),
    ).toEqual([
      ['/', 'sha256-AA==', 'omit'],
      ['/assets/a.js', 'sha256-BB==', 'omit'],
    ])
    await scope.run('activate')
    expect(scope.deleted).toEqual(['blindllama-chat-old'])
  })

  it('has browsers with static routes send requests to the service past it, and is installed where they refuse', async () => {
    const rules: object[] = []
    await scope.run('install', { addRoutes: async (given: object[]) => void rules.push(...given) })
    expect(rules).toEqual([
      { condition: { requestMethod: 'POST' }, source: 'network' },
      { condition: { urlPattern: { pathname: '/blindllama/*' } }, source: 'network' },
    ])
    await expect(
      scope.run('install', { addRoutes: async () => Promise.reject(new TypeError('rule')) }),
    ).resolves.toBeUndefined()
  })
})

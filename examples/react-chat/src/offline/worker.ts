/**
 * The service worker, which serves a copy of the page's own files where there is no network.
 *
 * It answers for the files that the build names, each with its hash, and for nothing else. What goes to the service is not read, not
 * answered and not stored here; browsers with static routes do not even tell the worker of it.
 */

/** Paths of the page's files with their SHA-256, as `integrity` takes it; the build writes them here. */
const FILES: Readonly<Record<string, string>> = JSON.parse('__FILES__') as Record<string, string>
/** Another set of files has another cache. */
const CACHE = 'blindllama-chat-__DIGEST__'
const PREFIX = 'blindllama-chat-'

interface WorkerEvent extends Event {
  waitUntil(work: Promise<unknown>): void
}
interface InstallEvent extends WorkerEvent {
  addRoutes?(rules: readonly object[]): Promise<void>
}
interface RequestEvent extends WorkerEvent {
  readonly request: Request
  respondWith(answer: Promise<Response>): void
}

addEventListener('install', (event) => {
  const { waitUntil } = event as InstallEvent
  waitUntil.call(event, Promise.all([fill(), route(event as InstallEvent)]))
})

addEventListener('activate', (event) => (event as WorkerEvent).waitUntil(removeOthers()))

addEventListener('fetch', (event) => {
  const { request } = event as RequestEvent
  if (request.method !== 'GET') return
  const { origin, pathname } = new URL(request.url)
  if (origin !== location.origin || !Object.hasOwn(FILES, pathname)) return
  const answer = request.mode === 'navigate' ? networkFirst(request) : fromCopy(pathname, request)
  ;(event as RequestEvent).respondWith(answer)
})

/** `integrity` refuses a file that is not the one of this build. */
async function fill(): Promise<void> {
  const cache = await caches.open(CACHE)
  const requests = Object.entries(FILES).map(
    ([path, integrity]) => new Request(path, { integrity, cache: 'no-cache', credentials: 'omit', redirect: 'error' }),
  )
  await cache.addAll(requests)
}

/** Where the browser can, requests to the service go past the worker without starting it. */
async function route(event: InstallEvent): Promise<void> {
  try {
    await event.addRoutes?.([
      { condition: { requestMethod: 'POST' }, source: 'network' },
      { condition: { urlPattern: { pathname: '/blindllama/*' } }, source: 'network' },
    ])
  } catch {
    // Another form of the rules: the listener above leaves these requests to the browser.
  }
}

async function removeOthers(): Promise<void> {
  const names = await caches.keys()
  await Promise.all(
    names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)),
  )
}

/**
 * The newest page wherever there is a network: an old copy must not outlive a correction. How long an answer may take is left to the
 * browser, since a time-out here would let whatever delays the answer keep an old page in use.
 */
async function networkFirst(request: Request): Promise<Response> {
  try {
    return await fetch(request)
  } catch {
    return fromCopy('/', request)
  }
}

async function fromCopy(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE)
  return (await cache.match(path)) ?? fetch(request)
}

import { BlindLlamaError } from '../errors.js'

/** The address of a declared request as it was read, or `undefined` where the platform may have it. */
export type Declared = (address: string) => string | undefined

type Callable = (...args: never[]) => unknown
type Members = Record<string, unknown>

/** Functions of the platform that send without the `fetch` of the page. The address is the first argument, or the one named. */
const methods: readonly (readonly [owner: string, method: string, address?: number])[] = [
  ['XMLHttpRequest', 'open', 1],
  ['Navigator', 'sendBeacon'],
  ['Cache', 'add'],
  ['Cache', 'addAll'],
  ['BackgroundFetchManager', 'fetch', 1],
]
const constructors: readonly string[] = ['EventSource', 'WebSocket', 'WebSocketStream', 'WebTransport']
const functions: readonly string[] = ['fetchLater', 'open']

export function unsupported(what: string, address: string): BlindLlamaError {
  const { origin, pathname } = new URL(address, globalThis.location.href)
  return new BlindLlamaError(
    'dropin.unsupported_transport',
    `${what} would send in clear text to ${origin}${pathname}, which is declared for the channel. Use fetch`,
  )
}

/**
 * Makes every function of this realm that would send past the channel throw `dropin.unsupported_transport` for a declared address.
 * What the platform does not have is left out.
 */
export function guardTransports(declared: Declared): void {
  const realm = globalThis as unknown as Record<string, (Callable & { prototype?: Members }) | undefined>
  for (const [owner, method, at = 0] of methods) {
    const prototype = realm[owner]?.prototype
    if (prototype && method in prototype) guard(prototype, method, `${owner}.${method}`, declared, at)
  }
  for (const name of functions) if (realm[name]) guard(realm, name, name, declared, 0)
  for (const name of constructors) {
    const original = realm[name]
    if (!original) continue
    const guarded = new Proxy(original, {
      construct(target, args: unknown[], newTarget) {
        return Reflect.construct(target, refused(args, 0, name, declared) as never[], newTarget) as object
      },
    })
    define(realm, name, guarded)
    // Else an instance would lead to the one without a guard.
    if (original.prototype) define(original.prototype, 'constructor', guarded)
  }
}

function guard(owner: Members, method: string, name: string, declared: Declared, at: number): void {
  const original = owner[method]
  if (typeof original !== 'function') return
  define(
    owner,
    method,
    new Proxy(original as Callable, {
      apply: (target, receiver: unknown, args: unknown[]): unknown =>
        Reflect.apply(target, receiver, refused(args, at, name, declared) as never[]),
    }),
  )
}

/**
 * The arguments, the address among them read once: an object may give another text each time.
 *
 * @throws {BlindLlamaError} `dropin.unsupported_transport`
 */
function refused(args: readonly unknown[], at: number, name: string, declared: Declared): unknown[] {
  const read = [...args]
  if (at < read.length) read[at] = addressOf(read[at])
  for (const address of [read[at]].flat(2).map(textOf)) {
    const found = address === undefined ? undefined : declared(address)
    if (found !== undefined) throw unsupported(name, found)
  }
  return read
}

function addressOf(value: unknown): unknown {
  if (requestUrl(value) !== undefined || value === undefined || value === null) return value
  return Array.isArray(value) ? value.map(addressOf) : String(value)
}

function textOf(value: unknown): string | undefined {
  return requestUrl(value) ?? (typeof value === 'string' ? value : undefined)
}

const urlOfRequest = Object.getOwnPropertyDescriptor(globalThis.Request?.prototype ?? {}, 'url')?.get

/** The address of a `Request`, also of one from another realm; `undefined` for everything that `fetch` would turn into text. */
export function requestUrl(value: unknown): string | undefined {
  try {
    return urlOfRequest === undefined ? undefined : (Reflect.apply(urlOfRequest, value, []) as string)
  } catch {
    return undefined
  }
}

export function define(owner: object, name: string, value: unknown): void {
  const { enumerable = true } = Object.getOwnPropertyDescriptor(owner, name) ?? {}
  Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable })
}

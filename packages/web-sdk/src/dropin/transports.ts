import { BlindLlamaError } from '../errors.js'

/** The address of a declared request as it was read, or `undefined` where the platform may have it. */
export type Declared = (address: string) => string | undefined

type Callable = (...args: never[]) => unknown
type Members = Record<string, unknown>

/** Which argument of a function has the address. */
interface Place {
  readonly at?: number
  /** Whether it may be a `Request`; every other function turns one into text. */
  readonly takesRequest?: boolean
  /** With fewer arguments the function sends nothing. */
  readonly least?: number
}

/** Functions of the platform that send without the `fetch` of the page. */
const methods: readonly (readonly [owner: string, method: string, place?: Place])[] = [
  ['XMLHttpRequest', 'open', { at: 1 }],
  ['Navigator', 'sendBeacon'],
  ['Cache', 'add', { takesRequest: true }],
  ['Cache', 'addAll', { takesRequest: true }],
  ['BackgroundFetchManager', 'fetch', { at: 1, takesRequest: true }],
  ['Document', 'open', { least: 3 }],
]
const constructors: readonly string[] = ['EventSource', 'WebSocket', 'WebSocketStream', 'WebTransport']
const functions: readonly (readonly [name: string, place?: Place])[] = [
  ['fetchLater', { takesRequest: true }],
  ['open'],
]

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
  for (const [owner, method, place] of methods) {
    const prototype = realm[owner]?.prototype
    if (prototype) guard(prototype, method, `${owner}.${method}`, declared, place)
  }
  for (const [name, place] of functions) guard(realm, name, name, declared, place)
  for (const name of constructors) {
    const original = realm[name]
    if (!original) continue
    const guarded = new Proxy(original, {
      construct(target, args: unknown[], newTarget) {
        return Reflect.construct(target, refused(args, name, declared) as never[], newTarget) as object
      },
    })
    define(realm, name, guarded)
    // Else an instance would lead to the one without a guard.
    if (original.prototype) define(original.prototype, 'constructor', guarded)
  }
}

function guard(owner: Members, method: string, name: string, declared: Declared, place?: Place): void {
  replaceMethod(owner, method, (call, _, args) => call(refused(args, name, declared, place)))
}

/** Puts `run` in the place of a method, where the platform has it; it calls the platform's own by `call`. */
export function replaceMethod(
  owner: object,
  method: string,
  run: (call: (args: readonly unknown[]) => unknown, receiver: unknown, args: readonly unknown[]) => unknown,
): void {
  const original = (owner as Members)[method]
  if (typeof original !== 'function') return
  const guarded = new Proxy(original as Callable, {
    apply: (target, receiver: unknown, args: unknown[]): unknown =>
      run((given) => Reflect.apply(target, receiver, given as never[]), receiver, args),
  })
  define(owner, method, guarded)
}

/**
 * The arguments, the address among them read once: an object may give another text each time.
 *
 * @throws {BlindLlamaError} `dropin.unsupported_transport`
 */
function refused(
  args: readonly unknown[],
  name: string,
  declared: Declared,
  { at = 0, takesRequest = false, least = 0 }: Place = {},
): unknown[] {
  const read = [...args]
  if (read.length < least || read[at] === undefined) return read
  read[at] = takesRequest ? addressOf(read[at]) : String(read[at])
  for (const each of [read[at]].flat()) {
    const found = declared(requestUrl(each) ?? String(each))
    if (found !== undefined) throw unsupported(name, found)
  }
  return read
}

/** An address or a `Request`, or a list of them. */
function addressOf(value: unknown): unknown {
  if (requestUrl(value) !== undefined) return value
  return Array.isArray(value)
    ? value.map((each) => (requestUrl(each) === undefined ? String(each) : each))
    : String(value)
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

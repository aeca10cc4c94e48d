let requestInit: RequestInit | undefined

/**
 * What every request of the SDK is sent with (PROTOCOL.md §2): nothing that identifies, nothing that is kept, no detours.
 *
 * Runtimes without a browser refuse some of it, as workerd does: there is no cookie, referrer or cache then that could be left
 * out. A redirect that they cannot refuse is not followed (`'manual'`): it is then a response, and any status but 200 is refused.
 */
export function outerRequest(): RequestInit {
  return (requestInit ??= Object.assign(
    { redirect: 'manual' },
    ...[
      { credentials: 'omit' },
      { referrerPolicy: 'no-referrer' },
      { redirect: 'error' },
      { cache: 'no-store' },
    ].filter(isAccepted as (init: object) => boolean),
  ) as RequestInit)
}

function isAccepted(init: RequestInit): boolean {
  try {
    return !!new Request('https://x', init)
  } catch {
    return false
  }
}

type Fetch = typeof globalThis.fetch

/** To each `fetch` of this package the one that sends its bytes. */
const beneath = new WeakMap<Fetch, Fetch>()

/** Marks `fetch` as one that sends through `outer`, so that `platformFetch` finds the platform's own below it. */
export function over<F extends Fetch>(fetch: F, outer: Fetch): F {
  beneath.set(fetch, outer)
  return fetch
}

/** Whether `fetch` is one of this package: it encrypts whatever it sends. */
export function isChannelFetch(fetch: Fetch): boolean {
  return beneath.has(fetch)
}

/**
 * The `fetch` of the platform, as it is now. A client takes it once: a page may put the client's own `fetch` in its place
 * later, for libraries without such an option.
 */
export function platformFetch(): Fetch {
  const { fetch } = globalThis
  return beneath.get(fetch) ?? fetch.bind(globalThis)
}

/** The media type of a response in lower case, without parameters. */
export function mediaType(response: Response): string {
  return (response.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** Lets go of a response whose body nobody reads; the connection may be broken, which changes nothing. */
export function discard({ body }: Response): void {
  body?.cancel().catch(() => {})
}

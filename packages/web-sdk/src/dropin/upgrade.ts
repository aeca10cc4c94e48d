import { over, platformFetch } from '../outer-fetch.js'
import type { DropInClient } from './client.js'
import type { Endpoints } from './endpoints.js'
import { guardNavigation } from './navigation.js'
import { define, guardTransports, requestUrl } from './transports.js'

/**
 * From now on the `fetch` of this page or worker sends requests to `endpoints` through the client, and every other way to them is
 * refused.
 */
export function upgrade({ declared }: Endpoints, client: DropInClient): void {
  const outer = platformFetch()
  const platform = globalThis.fetch
  const fetch: typeof globalThis.fetch = async (input, init) => {
    // What the platform would ask: an object may give another text each time, and a subclass of `Request` another `url`.
    const url = requestUrl(input)
    const request = url === undefined ? String(input) : (input as Request)
    const address = declared(url ?? String(request))
    if (address === undefined) return platform(request, init)
    if (typeof request === 'string') return client.fetch(address, init)
    return client.fetch(request.url === url ? request : new Request(request), init)
  }
  define(globalThis, 'fetch', over(fetch, outer))
  guardTransports(declared)
  guardNavigation(declared)
}

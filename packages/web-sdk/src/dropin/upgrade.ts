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
    // Read once: an object may give another text each time.
    const request = requestUrl(input) === undefined ? String(input) : (input as Request)
    const address = declared(typeof request === 'string' ? request : request.url)
    if (address === undefined) return platform(request, init)
    return client.fetch(typeof request === 'string' ? address : request, init)
  }
  define(globalThis, 'fetch', over(fetch, outer))
  guardTransports(declared)
  guardNavigation(declared)
}

import { BlindLlamaError } from './errors.js'

/** Hosts that are this machine. */
export const loopback: RegExp = /^(localhost|[^.]+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/

/** Whether the platform says that it will not send anything to `url`; it reaches the loopback without a network. */
export function isOffline(url: URL): boolean {
  return globalThis.navigator?.onLine === false && !loopback.test(url.hostname)
}

/** @throws {BlindLlamaError} `client.environment` where WebCrypto is missing, as in pages that were not served over TLS. */
export function assertEnvironment(): void {
  if (globalThis.crypto?.subtle === undefined)
    throw new BlindLlamaError('client.environment', 'WebCrypto is missing: serve the page over HTTPS')
  if (typeof WebAssembly === 'undefined' || typeof fetch === 'undefined')
    throw new BlindLlamaError('client.environment', 'WebAssembly or fetch is missing')
}

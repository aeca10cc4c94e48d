import { BlindLlamaError } from './errors.js'

/** @throws {BlindLlamaError} `client.environment` where WebCrypto is missing, as in pages that were not served over TLS. */
export function assertEnvironment(): void {
  if (globalThis.crypto?.subtle === undefined)
    throw new BlindLlamaError('client.environment', 'WebCrypto is missing: serve the page over HTTPS')
  if (typeof WebAssembly === 'undefined')
    throw new BlindLlamaError('client.environment', 'WebAssembly is missing in this runtime')
}

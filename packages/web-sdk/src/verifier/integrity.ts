import { type Bytes, hex } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'

/** SHA-256, in hex, of the WebAssembly that this package was built with; the build writes it here. */
declare const WASM_SHA256: string

/** @throws {BlindLlamaError} `wasm.integrity` where `wasm` is not the module that this package was built with */
export async function assertIntegrity(wasm: Bytes): Promise<void> {
  const digest = hex(new Uint8Array(await crypto.subtle.digest('SHA-256', wasm)))
  if (digest !== WASM_SHA256) throw new BlindLlamaError('wasm.integrity', 'The verifier is not the one of this SDK')
}

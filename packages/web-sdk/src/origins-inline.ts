import type { Origins } from './connect.js'
import { loadHybrid } from './hybrid.js'

/** The verifier's WebAssembly in base64; the build writes it here. */
declare const WASM_BASE64: string

/** The verifier inside the module itself: nothing more is fetched. */
export const origins: Origins = {
  wasm: () => Uint8Array.from(atob(WASM_BASE64), (character) => character.charCodeAt(0)),
  hybrid: loadHybrid,
}

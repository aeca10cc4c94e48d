import type { Origins } from './connect.js'
import { loadHybrid } from './hybrid.js'

/** What bundlers that know `new URL('….wasm', import.meta.url)` put beside the module. */
export const origins: Origins = {
  wasm: () => new URL('./blindllama_verifier_bg.wasm', import.meta.url),
  hybrid: loadHybrid,
}

import type { Origins } from './connect.js'
import { loadHybrid } from './hybrid.js'

/** What bundlers that know `new URL('….wasm', import.meta.url)` put beside the module. */
export const origins: Origins = {
  wasm: () => inPackage(new URL('./blindllama_verifier_bg.wasm', import.meta.url)),
  hybrid: loadHybrid,
}

/**
 * The dev servers of Vite 5 to 7 serve the modules of packages from a folder of their own, without the files beside them: there the
 * file is in the package.
 */
function inPackage(beside: URL): URL {
  const [root, ofVite] = beside.pathname.split('/.vite/deps')
  return ofVite === undefined ? beside : new URL(`${root}/@blindllama/web-sdk/dist/blindllama_verifier_bg.wasm`, beside)
}

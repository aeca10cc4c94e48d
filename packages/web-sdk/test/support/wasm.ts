import { readFileSync } from 'node:fs'
import type { Origins } from '../../src/connect.js'
import { loadHybrid } from '../../src/hybrid.js'

/** Where the build of the verifier puts it. */
export const wasmFile = new URL('../../../verifier-wasm/pkg/blindllama_verifier_bg.wasm', import.meta.url)

export function readWasm(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(wasmFile))
}

/** What the package's entries bring along, from where the tests have it. */
export const origins: Origins = { wasm: () => wasmFile, hybrid: loadHybrid }

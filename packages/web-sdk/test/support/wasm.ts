import { readFileSync } from 'node:fs'

/** Where the build of the verifier puts it. */
export const wasmFile = new URL('../../../verifier-wasm/pkg/blindllama_verifier_bg.wasm', import.meta.url)

export function readWasm(): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(wasmFile))
}

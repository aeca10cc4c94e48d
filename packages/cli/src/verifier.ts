import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as glue from '@blindllama/verifier-wasm'
import { exit } from './exit.js'
import { Failure } from './failure.js'

/** SHA-256, in hex, of the WebAssembly that this package was built with; the build writes it here. */
declare const WASM_SHA256: string

export type Verifier = typeof glue

let running: Verifier | undefined

/**
 * The verifier: the very module that pages load.
 *
 * @throws {Failure} `wasm.load`, `wasm.integrity`
 */
export function loadVerifier(): Verifier {
  if (running) return running
  const wasm = readWasm()
  if (createHash('sha256').update(wasm).digest('hex') !== WASM_SHA256)
    throw new Failure('wasm.integrity', 'The verifier is not the one that this command was built with', exit.undecided)
  glue.initSync({ module: wasm })
  return (running = glue)
}

function readWasm(): Uint8Array<ArrayBuffer> {
  try {
    const file = import.meta.resolve('@blindllama/web-sdk/blindllama_verifier_bg.wasm')
    return new Uint8Array(readFileSync(fileURLToPath(file)))
  } catch (cause) {
    throw new Failure('wasm.load', 'The verifier could not be loaded', exit.undecided, { cause })
  }
}

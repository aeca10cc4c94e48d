import { initSync, staticPart, verify, type VerifyInput } from '@blindllama/verifier-wasm'
import type { Bytes } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { platformFetch } from '../outer-fetch.js'
import type { Verdict } from '../verdict.js'
import { type Download, compileError, compileWasm } from './compile.js'
import type { WasmSource, WasmToCompile } from './source.js'
import type { Verifier } from './verifier.js'

/** The verifier whose bytes were compared with the hash of this package: every source gives the same, so one serves the page. */
let checked: Verifier | undefined

/**
 * Loads and starts the verifier, unless it runs already. A module that the caller compiled was compared with nothing: it
 * serves this caller alone, and never one who was promised the hash.
 *
 * @param download Default: with the `fetch` of the platform as it is now
 * @throws {BlindLlamaError} `wasm.…`; the reason of the download's signal
 */
export async function loadVerifier(
  source: WasmSource,
  download: Download = { fetch: platformFetch() },
): Promise<Verifier> {
  if (isCompiled(source)) return start(source)
  return (checked ??= start(await compileWasm(source as WasmToCompile, download)))
}

/** Not `instanceof` alone: the type of a module has no members, so that TypeScript would take everything for one. */
function isCompiled(source: WasmSource): source is WebAssembly.Module {
  return source instanceof WebAssembly.Module
}

function start(module: WebAssembly.Module): Verifier {
  try {
    initSync({ module })
  } catch (cause) {
    throw compileError(cause)
  }
  return new WasmVerifier(module)
}

class WasmVerifier implements Verifier {
  readonly #module: WebAssembly.Module

  constructor(module: WebAssembly.Module) {
    this.#module = module
  }

  verify(input: VerifyInput): Verdict {
    return this.run(() => verify(input))
  }

  staticPart(evidence: Bytes): Bytes | undefined {
    const part = this.run(() => staticPart(evidence))
    return part && new Uint8Array(part)
  }

  run<T>(work: () => T): T {
    try {
      initSync({ module: this.#module })
      return work()
    } catch (cause) {
      throw new BlindLlamaError('wasm.trap', 'The verifier stopped unexpectedly', { cause })
    }
  }
}

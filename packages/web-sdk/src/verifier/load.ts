import { initSync, staticPart, verify } from '@blindllama/verifier-wasm'
import type { Bytes } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import type { Verdict } from '../verdict.js'
import { compileError, compileWasm } from './compile.js'
import type { WasmSource } from './source.js'
import type { Verifier, VerifyInput } from './verifier.js'

/** Every source gives the same bytes: one verifier serves the page. */
let running: Verifier | undefined

/**
 * Loads and starts the verifier, unless it runs already.
 *
 * @throws {BlindLlamaError} `wasm.…`
 */
export async function loadVerifier(source: WasmSource): Promise<Verifier> {
  if (running) return running
  const module = await compileWasm(source)
  try {
    initSync({ module })
  } catch (cause) {
    throw compileError(cause)
  }
  return (running ??= new WasmVerifier(module))
}

class WasmVerifier implements Verifier {
  readonly #module: WebAssembly.Module

  constructor(module: WebAssembly.Module) {
    this.#module = module
  }

  verify(input: VerifyInput): Verdict {
    const { evidence, policy, audience, nonce, nowMs, allowSimulated } = input
    const versions = Uint32Array.from(input.versions)
    const suites = Uint16Array.from(input.suites.flat())
    return this.run(() => {
      const verdict = verify(
        evidence,
        input.staticPart,
        policy,
        audience,
        nonce,
        nowMs,
        allowSimulated,
        versions,
        suites,
        input.state,
      )
      return JSON.parse(verdict) as Verdict
    })
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
      throw new BlindLlamaError('wasm.trap', 'The verifier stopped in the middle of its work', { cause })
    }
  }
}

import type { Bytes } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { assertIntegrity } from './integrity.js'
import type { WasmSource, WasmToCompile } from './source.js'

/**
 * The compiled verifier. Whatever is not compiled yet is compared with the hash that this package was built with first: by
 * the SDK itself, because several runtimes ignore the `integrity` of `fetch`, and those that heed it do not say that it was
 * the reason. The bytes are compiled as such, so that a server's media type does not matter.
 *
 * @throws {BlindLlamaError} `wasm.load`, `wasm.integrity`, `wasm.blocked`, `wasm.compile`
 */
export async function compileWasm(source: WasmSource): Promise<WebAssembly.Module> {
  if (isCompiled(source)) return source
  const bytes = await readWasm(source as WasmToCompile)
  await assertIntegrity(bytes)
  try {
    return await WebAssembly.compile(bytes)
  } catch (cause) {
    throw compileError(cause)
  }
}

/** Not `instanceof` alone: the type of a module has no members, so that TypeScript would take everything for one. */
function isCompiled(source: WasmSource): source is WebAssembly.Module {
  return source instanceof WebAssembly.Module
}

/** Engines word it differently, but all name the directive or say that the policy of the page forbids it. */
export function compileError(cause: unknown): BlindLlamaError {
  return /unsafe-eval|content.security.policy|\bCSP\b|disallowed by embedder/i.test(String(cause))
    ? new BlindLlamaError('wasm.blocked', `The page's script-src needs 'wasm-unsafe-eval'`, { cause })
    : new BlindLlamaError('wasm.compile', 'The verifier could not be compiled or started', { cause })
}

async function readWasm(source: WasmToCompile): Promise<Bytes> {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
  if (source instanceof ArrayBuffer) return new Uint8Array(source)
  try {
    const response = source instanceof Response ? source : await open(new URL(source, globalThis.location?.href))
    if (response instanceof Uint8Array) return response
    if (!response.ok) throw new TypeError(`the server answered ${response.status}`)
    return new Uint8Array(await response.arrayBuffer())
  } catch (cause) {
    throw new BlindLlamaError('wasm.load', 'The verifier could not be loaded', { cause })
  }
}

/** What Node.js offers to modules that also run elsewhere: a bundler for the browser sees no import. */
interface NodeProcess {
  getBuiltinModule?: (id: 'node:fs/promises') => { readFile: (file: URL) => Promise<Uint8Array> } | undefined
}

async function open(url: URL): Promise<Response | Bytes> {
  const { process } = globalThis as { process?: NodeProcess }
  const files = url.protocol === 'file:' ? process?.getBuiltinModule?.('node:fs/promises') : undefined
  return files ? new Uint8Array(await files.readFile(url)) : fetch(url, { credentials: 'same-origin' })
}

import { within } from '../abort.js'
import type { Bytes } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { mediaType } from '../outer-fetch.js'
import { readLimited } from '../read-limited.js'
import { assertIntegrity } from './integrity.js'
import type { WasmToCompile } from './source.js'

/** What to do where the verifier is not found, by the way in which this build is loaded; the build writes it here. */
declare const WASM_REMEDY: string

/** More than any network needs that a person would wait for. */
const timeoutMs = 30_000
/** Several times the verifier: what is longer is another file, and is not read to its end. */
const maxBytes = 4 * 1024 * 1024

/** How the verifier is fetched, where it has to be. */
export interface Download {
  /** The platform's. */
  fetch: typeof globalThis.fetch
  /** Ends the download with its reason. */
  signal?: AbortSignal
}

/**
 * The compiled verifier. Whatever is not compiled yet is compared with the hash that this package was built with first: by
 * the SDK itself, because several runtimes ignore the `integrity` of `fetch`, and those that heed it do not say that it was
 * the reason. The bytes are compiled as such, so that a server's media type does not matter.
 *
 * @throws {BlindLlamaError} `wasm.load`, `wasm.timeout`, `wasm.integrity`, `wasm.blocked`, `wasm.compile`; the reason of
 *   the signal
 */
export async function compileWasm(source: WasmToCompile, download: Download): Promise<WebAssembly.Module> {
  const bytes = await readWasm(source, download)
  await assertIntegrity(bytes)
  try {
    return await WebAssembly.compile(bytes)
  } catch (cause) {
    throw compileError(cause)
  }
}

/** Engines word it differently, but all name the directive or say that the policy of the page forbids it. */
export function compileError(cause: unknown): BlindLlamaError {
  return /unsafe-eval|content.security.policy|\bCSP\b|disallowed by embedder/i.test(String(cause))
    ? new BlindLlamaError('wasm.blocked', `The page's script-src needs 'wasm-unsafe-eval'`, { cause })
    : new BlindLlamaError('wasm.compile', 'The verifier could not be compiled or started', { cause })
}

/** Bytes of our own: the caller may change those that it handed over between their check and their compilation. */
async function readWasm(source: WasmToCompile, { fetch, signal }: Download): Promise<Bytes> {
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice()
  if (source instanceof ArrayBuffer) return new Uint8Array(source.slice())
  return within(timeoutMs, late, signal, async (own) => {
    try {
      const response = source instanceof Response ? source : await open(source, fetch, own)
      if (response instanceof Uint8Array) return response
      const bytes = await readLimited(response, maxBytes, own)
      const start = new TextDecoder('latin1').decode(bytes?.subarray(0, 24))
      if (response.ok && bytes && start.startsWith('\0asm')) return bytes
      throw missing(source, `answered ${response.status} ${mediaType(response)} ${JSON.stringify(start)}`)
    } catch (cause) {
      if (cause instanceof BlindLlamaError) throw cause
      throw missing(source, 'could not be fetched', cause)
    }
  })
}

/** A page in the place of the file is no tampering: servers of single-page applications answer so whatever they do not have. */
function missing(source: WasmToCompile, seen: string, cause?: unknown): BlindLlamaError {
  // Without its query: an address may hold a signature of the page's own server.
  const place = source instanceof Response ? source.url : String(source)
  return new BlindLlamaError(
    'wasm.load',
    `The verifier is not at ${place.split('?')[0]}, which ${seen}. ${WASM_REMEDY}`,
    { cause },
  )
}

function late(): BlindLlamaError {
  return new BlindLlamaError('wasm.timeout', 'The verifier did not arrive within 30 s')
}

/** What Node.js offers to modules that also run elsewhere: a bundler for the browser sees no import. */
interface NodeProcess {
  getBuiltinModule?: (id: 'node:fs/promises') => { readFile: (file: URL) => Promise<Uint8Array> } | undefined
}

async function open(address: string | URL, fetch: Download['fetch'], signal: AbortSignal): Promise<Response | Bytes> {
  const url = new URL(address, globalThis.location?.href)
  const { process } = globalThis as { process?: NodeProcess }
  const files = url.protocol === 'file:' ? process?.getBuiltinModule?.('node:fs/promises') : undefined
  return files ? new Uint8Array(await files.readFile(url)) : fetch(url, { credentials: 'same-origin', signal })
}

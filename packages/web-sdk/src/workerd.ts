import { type BlindLlamaClient, connectWith } from './connect.js'
import { loadHybrid } from './hybrid.js'
import type { ConnectOptions } from './options.js'
// The runtime compiles modules when a worker is deployed, and no bytes later on. What the bundle holds was compared with nothing.
import wasm from './blindllama_verifier_bg.wasm'

export * from './public.js'

/** `connect` of `@blindllama/web-sdk` for workerd (Cloudflare Workers, miniflare), which compiles no WebAssembly from bytes. */
export function connect<AllowSimulated extends boolean = false>(
  options: ConnectOptions<AllowSimulated>,
): Promise<BlindLlamaClient<AllowSimulated>> {
  return connectWith(options, { wasm: () => wasm, hybrid: loadHybrid })
}

import { type BlindLlamaClient, connectWith } from './connect.js'
import { BlindLlamaError } from './errors.js'
import type { ConnectOptions } from './options.js'

/* The drop-in for pages without a bundler: `<script src="…/blindllama.js" integrity="…">` defines `BlindLlama`. */

// Only while the script runs for the first time does the page say which script it is.
const here = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : location.href

function connect<AllowSimulated extends boolean = false>(
  options: ConnectOptions<AllowSimulated>,
): Promise<BlindLlamaClient<AllowSimulated>> {
  return connectWith(options, () => new URL('blindllama_verifier_bg.wasm', here))
}

Object.assign(globalThis, { BlindLlama: Object.freeze({ connect, BlindLlamaError }) })

import type { KEMFactory } from 'hpke'
import { type BlindLlamaClient, connectWith } from './connect.js'
import { BlindLlamaError } from './errors.js'
import { type Kem, senderOf } from './ohttp/kem.js'
import type { ConnectOptions } from './options.js'

/* The drop-in for pages without a bundler: `<script src="…/blindllama.js" integrity="…">` defines `BlindLlama`. */

// Only while the script runs for the first time does the page say which script it is. A worker that imports it never does: there the
// file is beside the worker's own script. An image with that name, which content may have put there, is no script.
const here =
  typeof document === 'object' && document.currentScript instanceof HTMLScriptElement
    ? document.currentScript.src
    : location.href

async function hybrid(): Promise<Kem> {
  const { BlindLlamaPostQuantum } = globalThis as { BlindLlamaPostQuantum?: KEMFactory }
  if (!BlindLlamaPostQuantum) throw new TypeError('the page has no <script src="…/blindllama-post-quantum.js">')
  return senderOf(BlindLlamaPostQuantum())
}

function connect<AllowSimulated extends boolean = false>(
  options: ConnectOptions<AllowSimulated>,
): Promise<BlindLlamaClient<AllowSimulated>> {
  return connectWith(options, { wasm: () => new URL('blindllama_verifier_bg.wasm', here), hybrid })
}

Object.assign(globalThis, { BlindLlama: Object.freeze({ connect, BlindLlamaError }) })

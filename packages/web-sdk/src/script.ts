import type { KEMFactory } from 'hpke'
import { type BlindLlamaClient, connectWith, type Origins } from './connect.js'
import type { BlindLlamaGlobal } from './dropin/global.js'
import { serverEvents } from './dropin/server-events.js'
import { startTag, startUpgrade } from './dropin/start.js'
import { BlindLlamaError } from './errors.js'
import { type Kem, senderOf } from './ohttp/kem.js'
import type { ConnectOptions } from './options.js'

/*
 * The drop-in for pages without a bundler: `<script src="…/blindllama.js" integrity="…">` defines `BlindLlama`. Attributes of the tag give
 * it a client of its own, and `data-upgrade` puts the `fetch` of that client in place of the platform's.
 */

// Only while the script runs for the first time does the page say which script it is. A worker that imports it never does: there the
// file is beside the worker's own script. An image with that name, which content may have put there, is no script.
const script =
  typeof document === 'object' && document.currentScript instanceof HTMLScriptElement
    ? document.currentScript
    : undefined
const here = script?.src || location.href

const origins: Origins = { wasm: () => new URL('blindllama_verifier_bg.wasm', here), hybrid }

async function hybrid(): Promise<Kem> {
  const { BlindLlamaPostQuantum } = globalThis as { BlindLlamaPostQuantum?: KEMFactory }
  if (!BlindLlamaPostQuantum) throw new TypeError('the page has no <script src="…/blindllama-post-quantum.js">')
  return senderOf(BlindLlamaPostQuantum())
}

function connect<AllowSimulated extends boolean = false>(
  options: ConnectOptions<AllowSimulated>,
): Promise<BlindLlamaClient<AllowSimulated>> {
  return connectWith(options, origins)
}

const blindLlama: BlindLlamaGlobal = {
  connect,
  BlindLlamaError,
  client: startTag(script, origins),
  upgrade: (options) => startUpgrade(options, origins),
  events: serverEvents,
}
Object.assign(globalThis, { BlindLlama: Object.freeze(blindLlama) })

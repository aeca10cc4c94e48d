import { attester } from './attestation/attest.js'
import { KeyKeeper } from './attestation/keeper.js'
import { expireOnRestore } from './attestation/restore.js'
import { channelFetch } from './channel/fetch.js'
import { assertEnvironment } from './environment.js'
import { emitterOf } from './events.js'
import type { Kem } from './ohttp/kem.js'
import { type ConnectOptions, settingsOf } from './options.js'
import type { TrustedVerdict } from './verdict.js'
import { loadVerifier } from './verifier/load.js'
import type { WasmSource } from './verifier/source.js'

/** A service that passed, for as long as its key is valid; the key is renewed before its end, or when a request needs it. */
export interface BlindLlamaClient<AllowSimulated extends boolean = false> {
  /**
   * `fetch` for addresses under the service's base URL, everything of which is encrypted to the attested key: method, path,
   * headers and bodies. Give it to `openai` or the AI SDK as their `fetch` option, or call it.
   *
   * It rejects with a `BlindLlamaError`, or with the reason of the caller's own `AbortSignal`. The body of an answer that
   * was altered or cut ends with such an error too, never quietly.
   */
  readonly fetch: typeof globalThis.fetch
  /** The report on the key in use now. */
  readonly verdict: TrustedVerdict<AllowSimulated>
  /** Attests anew; requests under way keep their key. Rejects with what went wrong. */
  renew: () => Promise<void>
  /** Forgets the key; later calls fail with `client.closed`. */
  close: () => void
}

/** Where an entry of the package takes from what is not in it. */
export interface Origins {
  /** The verifier to use where the options name none. */
  wasm: () => WasmSource
  /** MLKEM768-X25519 for engines without it. */
  hybrid: () => Promise<Kem>
}

/** Evidence, verdict, key, channel, fetch: the whole way of `connect`. */
export async function connectWith<AllowSimulated extends boolean>(
  options: ConnectOptions<AllowSimulated>,
  origins: Origins,
): Promise<BlindLlamaClient<AllowSimulated>> {
  options.signal?.throwIfAborted()
  const settings = settingsOf(options)
  assertEnvironment()
  const emit = emitterOf(options.onEvent)
  const verifier = loadVerifier(options.wasm ?? origins.wasm())
  const keeper = new KeyKeeper(attester({ settings, verifier, loadHybrid: origins.hybrid, emit }))

  let { verdict } = await keeper.renew('connect', options.signal).catch((error: unknown) => {
    keeper.close()
    throw error
  })
  const forgetPage = expireOnRestore(keeper)

  return {
    fetch: channelFetch(settings, keeper, emit),
    get verdict() {
      verdict = keeper.verdict ?? verdict
      // The verifier gives simulated verdicts only where `dangerouslyAllowSimulated` is true, which is what the type says.
      return verdict as TrustedVerdict<AllowSimulated>
    },
    async renew() {
      await keeper.renew('renew')
    },
    close() {
      forgetPage()
      keeper.close()
      emit({ type: 'closed' })
    },
  }
}

import { answerRetrying } from './attestation/answer-retrying.js'
import { attestationClient } from './attestation/attest.js'
import { KeyManager } from './attestation/key-manager.js'
import { expireOnRestore } from './attestation/restore.js'
import { type ChannelFetch, channelFetch } from './channel/fetch.js'
import { assertEnvironment } from './environment.js'
import { emitterOf } from './events.js'
import type { Kem } from './ohttp/kem.js'
import { type ConnectOptions, settingsOf } from './options.js'
import type { PassedVerdict, SimulatedVerdict, TrustedVerdict } from './verdict.js'
import { loadVerifier } from './verifier/load.js'
import type { WasmSource } from './verifier/source.js'
import type { Verifier } from './verifier/verifier.js'

/** A service that passed, for as long as its key is valid; the key is renewed before its end, or when a request needs it. */
export interface BlindLlamaClient<AllowSimulated extends boolean = false> {
  /**
   * `fetch` for addresses under the service's base URL, everything of which is encrypted to the attested key: method, path,
   * headers and bodies. Give it to `openai` or the AI SDK as their `fetch` option, or call it.
   *
   * It rejects with a `BlindLlamaError`, or with the reason of the caller's own `AbortSignal`. The body of an answer that
   * was altered or cut ends with such an error too, never quietly. A client that would retry a failure that no repetition mends, as
   * `openai`, gets status 406 with the code in its place; `BlindLlamaError.find` finds the error again. The option `resend` of a request goes before that of `connect`.
   */
  readonly fetch: ChannelFetch
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

/** A client before its first attestation, and after it. */
export interface OpenedClient {
  /**
   * As that of `BlindLlamaClient`, from the beginning: it waits for the attestation under way, and begins one where there is
   * no key. After a refusal of the verifier it rejects with that, until `attest` is called.
   */
  readonly fetch: ChannelFetch
  /** The report on the key in use, or on the last one. */
  readonly verdict: PassedVerdict | SimulatedVerdict | undefined
  /** Attests, whatever the state of the key is; requests meanwhile use a key that is still valid. */
  attest: (reason: 'connect' | 'renew', signal?: AbortSignal) => Promise<void>
  /** Forgets the key and ends all waiting for another one with `client.closed`. */
  close: () => void
}

/**
 * Makes a client, which attests nothing yet.
 *
 * @throws {BlindLlamaError} `client.options`, `client.environment`
 */
export function openClient(options: ConnectOptions<boolean>, origins: Origins): OpenedClient {
  assertEnvironment()
  const settings = settingsOf(options)
  const emit = emitterOf(options.onEvent)
  let verifier: Verifier | undefined
  const load = async (signal: AbortSignal): Promise<Verifier> =>
    (verifier ??= await loadVerifier(options.wasm ?? origins.wasm(), { fetch: settings.fetch, signal }))
  const keyManager = new KeyManager(
    attestationClient({ settings, load, loadHybrid: origins.hybrid, emit }),
    settings.attestTimeoutMs,
  )
  const forgetPage = expireOnRestore(keyManager)
  return {
    fetch: answerRetrying(channelFetch(settings, keyManager, emit), settings.fetch),
    get verdict() {
      return keyManager.verdict
    },
    async attest(reason, signal) {
      await keyManager.renew(reason, signal)
    },
    close() {
      forgetPage()
      keyManager.close()
    },
  }
}

/** Evidence, verdict, key, channel, fetch: the whole way of `connect`. */
export async function connectWith<AllowSimulated extends boolean>(
  options: ConnectOptions<AllowSimulated>,
  origins: Origins,
): Promise<BlindLlamaClient<AllowSimulated>> {
  // A caller without types may give no options at all: their check says so.
  options?.signal?.throwIfAborted()
  const opened = openClient(options, origins)
  await opened.attest('connect', options.signal).catch((error: unknown) => {
    opened.close()
    throw error
  })

  let { verdict } = opened
  return {
    fetch: opened.fetch,
    get verdict() {
      verdict = opened.verdict ?? verdict
      // The verifier gives simulated verdicts only where `dangerouslyAllowSimulated` is true, which is what the type says.
      return verdict as TrustedVerdict<AllowSimulated>
    },
    renew: () => opened.attest('renew'),
    close() {
      opened.close()
      emitterOf(options.onEvent)({ type: 'closed' })
    },
  }
}

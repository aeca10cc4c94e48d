import { within } from '../abort.js'
import type { Bytes } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import type { Kem } from './kem.js'
import { nativeHybrids } from './native-hybrid.js'
import { x25519 } from './x25519.js'

/** For the code of the fallback, a file of the page's own server. */
const timeoutMs = 30_000

/**
 * The KEMs that this engine uses under a policy. MLKEM768-X25519 where WebCrypto has what it is made of; where it does not,
 * and the policy accepts nothing else, with code for it that is loaded now.
 *
 * @param policy its JSON text; the verifier reads it strictly, this only looks for what to load
 * @param loadHybrid gives MLKEM768-X25519 for engines without it
 * @throws {BlindLlamaError} `client.post_quantum` where that cannot be loaded, or not in time; the reason of `signal`
 */
export async function kemsFor(policy: Bytes, loadHybrid: () => Promise<Kem>, signal?: AbortSignal): Promise<Kem[]> {
  for (const hybrid of nativeHybrids) if (await works(hybrid)) return [x25519, hybrid]
  if (!demandsHybrid(policy)) return [x25519]
  try {
    return [x25519, await within(timeoutMs, () => new Error(), signal, loadHybrid)]
  } catch (cause) {
    signal?.throwIfAborted()
    throw new BlindLlamaError('client.post_quantum', 'The code for post-quantum keys could not be loaded', { cause })
  }
}

/** Tried in earnest: engines have some of what it takes without the rest. */
async function works(hybrid: Kem): Promise<boolean> {
  // Valid, and nobody's: polynomials of zeros and the base point.
  const publicKey = new Uint8Array(1216)
  publicKey[1184] = 9
  try {
    await (
      await hybrid.encapsulateTo(publicKey)
    )()
    return true
  } catch {
    return false
  }
}

function demandsHybrid(policy: Bytes): boolean {
  try {
    const { suites } = JSON.parse(new TextDecoder().decode(policy)) as { suites?: unknown }
    return Array.isArray(suites) && suites.every((name) => String(name).startsWith('mlkem768x25519-'))
  } catch {
    return false
  }
}

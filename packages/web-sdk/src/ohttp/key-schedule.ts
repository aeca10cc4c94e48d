import { type Bytes, concat, u16, utf8 } from '../bytes.js'
import { lengthsOf } from './chunk-cipher.js'
import { hashLength, labeledExpand, labeledExtract } from './hkdf.js'
import type { Suite } from './suite.js'

/** What one message is sealed with, RFC 9180 §5.1. */
export interface MessageSecrets {
  key: Bytes
  baseNonce: Bytes
  /** RFC 9180 §5.3. */
  exportSecret: (context: Bytes, length: number) => Promise<Bytes>
}

/** Derives the secrets of a message from its shared secret. */
export type KeySchedule = (sharedSecret: Uint8Array) => Promise<MessageSecrets>

const modeBase = Uint8Array.of(0)
const empty = new Uint8Array()

/**
 * KeySchedule of RFC 9180 §5.1 in base mode, where PSK and PSK id are empty. What does not depend on the shared secret is
 * derived once for all messages.
 *
 * It gives out the key and the base nonce themselves, which contexts of HPKE hide behind sealing one chunk after another: so
 * several chunks are sealed at once, under a key that was imported once.
 *
 * @param suite whose KDF is HKDF-SHA256, and whose AEAD the engine has
 */
export async function keySchedule(suite: Suite, info: Bytes): Promise<KeySchedule> {
  const { Nk, Nn } = lengthsOf(suite[2])
  const suiteId = concat(utf8('HPKE'), ...suite.map(u16))
  const pskIdHash = await labeledExtract(suiteId, empty, 'psk_id_hash', empty)
  const infoHash = await labeledExtract(suiteId, empty, 'info_hash', info)
  const context = concat(modeBase, pskIdHash, infoHash)
  return async (sharedSecret) => {
    const secret = await labeledExtract(suiteId, sharedSecret, 'secret', empty)
    const expand = labeledExpand.bind(undefined, suiteId)
    const [key, baseNonce, exporterSecret] = await Promise.all([
      expand(secret, 'key', context, Nk),
      expand(secret, 'base_nonce', context, Nn),
      expand(secret, 'exp', context, hashLength),
    ])
    return { key, baseNonce, exportSecret: (exporter, length) => expand(exporterSecret, 'sec', exporter, length) }
  }
}

import { type Bytes, concat, utf8 } from '../bytes.js'

/** Documents that this package reads, of those of PROTOCOL.md §19.1. */
export type Kind = 'status' | 'key-set' | 'policy'

/** A signed document, decoded; nothing of it is verified. */
export interface SignedDocument {
  readonly kind: Kind
  readonly payload: Bytes
  readonly signatures: readonly Signature[]
}

export interface Signature {
  /** Public key, in hex: 64 digits. */
  readonly key: string
  readonly signature: Bytes
}

const typeOf = (kind: Kind): string => `application/vnd.blindllama.${kind}.v1+json`

/**
 * Decodes the DSSE envelope of a document, as the command `blindllama` writes it.
 *
 * @throws {Error} for what is no envelope of this kind; its words may be of the file, which nobody has verified
 */
export function readEnvelope(envelope: string | Uint8Array, kind: Kind): SignedDocument {
  const text = typeof envelope === 'string' ? envelope : new TextDecoder('utf-8', { fatal: true }).decode(envelope)
  const { payloadType, payload, signatures } = JSON.parse(text) as Record<string, unknown>
  if (payloadType !== typeOf(kind) || !Array.isArray(signatures)) throw new TypeError('another document')
  return {
    kind,
    payload: base64(payload),
    signatures: (signatures as { keyid: unknown; sig: unknown }[]).map(({ keyid, sig }) => {
      if (typeof keyid !== 'string' || !/^[0-9a-f]{64}$/.test(keyid)) throw new TypeError('no key')
      return { key: keyid, signature: base64(sig) }
    }),
  }
}

/** PAE(type, payload) of DSSE: what is signed. */
export function signedMessage({ kind, payload }: Pick<SignedDocument, 'kind' | 'payload'>): Bytes {
  const type = typeOf(kind)
  return concat(utf8(`DSSEv1 ${type.length} ${type} ${payload.length} `), payload)
}

function base64(text: unknown): Bytes {
  if (typeof text !== 'string') throw new TypeError('no text')
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}

import { type Bytes, concat, utf8 } from '../bytes.js'
import { verifyEd25519 } from '../signed/ed25519.js'

/** H(salt || message): says nothing of a message to who does not have the salt. */
export async function saltedDigest(salt: Bytes, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', concat(salt, message)))
}

/** What a gateway signed. */
export interface SignedExchange {
  requestDigest: Bytes
  responseDigest: Bytes
  /** 32 bytes, or none. */
  modelDigest: Bytes
  epochId: Bytes
}

/** Whether `signature` is the gateway's for that exchange (PROTOCOL.md §21). */
export async function isSigned(signature: Bytes, exchange: SignedExchange, receiptKey: Bytes): Promise<boolean> {
  const { requestDigest, responseDigest, modelDigest, epochId } = exchange
  const parts = [utf8('blindllama/receipt/v1'), requestDigest, responseDigest, modelDigest, epochId]
  const message = concat(...parts.map(lengthPrefixed32))
  return verifyEd25519(receiptKey, signature, message)
}

/** LP of PROTOCOL.md: behind its length in 32 bits. */
function lengthPrefixed32(bytes: Bytes): Bytes {
  const length = new DataView(new ArrayBuffer(4))
  length.setUint32(0, bytes.length)
  return concat(new Uint8Array(length.buffer), bytes)
}

import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { encodeFieldLines } from '../../src/bhttp/fields.js'
import { type Bytes, concat } from '../../src/bytes.js'
import type { Exchange } from './channel-service.js'

/** A gateway's receipts (PROTOCOL.md §21), by node:crypto and Buffer alone. */
export class ReceiptSigner {
  readonly #keys = generateKeyPairSync('ed25519')
  readonly epochId: Buffer = Buffer.alloc(16, 0xe9)
  modelDigest: Buffer = Buffer.alloc(0)

  /** 32 bytes in hex, as the claims have it. */
  get receiptKey(): string {
    return Buffer.from(this.#keys.publicKey.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex')
  }

  /** The signature on these very bytes. */
  sign(salt: Uint8Array, request: Uint8Array, response: Uint8Array): Buffer {
    const digest = (message: Uint8Array): Buffer => createHash('sha256').update(salt).update(message).digest()
    const parts = ['blindllama/receipt/v1', digest(request), digest(response), this.modelDigest, this.epochId]
    const message = parts.flatMap((part) => {
      const length = Buffer.alloc(4)
      length.writeUInt32BE(part.length)
      return [length, Buffer.from(part as string)]
    })
    return sign(null, Buffer.concat(message), this.#keys.privateKey)
  }

  /** What the gateway sends behind the content of an answer. */
  value(exchange: Exchange): string {
    const salt = Buffer.from(exchange.field('blindllama-receipt') ?? '', 'base64url')
    const request = Buffer.from(exchange.plaintext)
    const end = request.findLastIndex((byte) => byte !== 0) + 1
    const signature = this.sign(salt, request.subarray(0, end), Buffer.concat(exchange.answered))
    return Buffer.concat([signature, this.modelDigest]).toString('base64url')
  }

  /** Ends the content, then sends the receipt and the end of the answer. */
  async finish(exchange: Exchange, value: (exchange: Exchange) => string = (it) => this.value(it)): Promise<void> {
    const terminator: Bytes = new Uint8Array(1)
    await exchange.chunk(terminator)
    const trailer = encodeFieldLines([['blindllama-receipt', value(exchange)]])
    await exchange.chunk(concat(trailer, new Uint8Array(40)))
    await exchange.finish()
  }
}

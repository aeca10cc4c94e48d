import { type Bytes, base64url, concat, fromHex } from '../bytes.js'
import type { ObservedExchange, Proof } from '../channel/observed.js'
import type { Field } from '../bhttp/fields.js'
import { BlindLlamaError } from '../errors.js'
import { type Piece, lengthOf } from '../ohttp/seal-request.js'
import { decodeBase64url } from './base64.js'
import { credentialsIn } from './credentials.js'
import type { SignedText } from './file.js'
import { isSigned, saltedDigest } from './signature.js'
import { splitResponse } from './split-response.js'

/** What asks for a receipt, and what carries it (PROTOCOL.md §21). */
export const receiptField = 'blindllama-receipt'

/** Of request and response together, in bytes: with what else stands there, a file of it has less than 256 MiB. */
const maxLength = 128 * 1024 * 1024
const signatureLength = 64

/** Remembers one exchange from its first byte to its receipt. */
export class Exchange implements ObservedExchange {
  readonly fields: readonly Field[]
  readonly #proof: Proof
  readonly #receiptKey: Bytes
  readonly #answered: (response: Response, exchange: Exchange) => void
  readonly #salt: Bytes = crypto.getRandomValues(new Uint8Array(32))
  readonly #over: Promise<void>
  #end!: (error?: BlindLlamaError) => void
  #request: Piece[] = []
  #response: Bytes[] = []
  #length = 0
  #signed: Promise<SignedText> | undefined

  /**
   * @param receiptKey of the claims, 32 bytes
   * @param answered hears which response is the answer
   */
  constructor(proof: Proof, receiptKey: Bytes, answered: (response: Response, exchange: Exchange) => void) {
    this.#proof = proof
    this.#receiptKey = receiptKey
    this.#answered = answered
    this.fields = [[receiptField, base64url(this.#salt)]]
    this.#over = new Promise((resolve, reject) => (this.#end = (error) => (error ? reject(error) : resolve())))
    // Told to who asks for the receipt; nobody has to.
    this.#over.catch(() => {})
  }

  sent(pieces: readonly Piece[]): void {
    for (const piece of pieces)
      if (this.#hasRoomFor(lengthOf(piece))) this.#request.push(piece instanceof Blob ? piece : piece.slice())
  }

  received(plaintext: Bytes): void {
    if (this.#hasRoomFor(plaintext.length)) this.#response.push(plaintext.slice())
  }

  ended(error?: { reason: unknown }): void {
    if (!error) return this.#end()
    const cause = error.reason
    this.#end(new BlindLlamaError('receipt.incomplete', 'The answer was not read to its end', { cause }))
  }

  answered(response: Response): void {
    this.#answered(response, this)
  }

  /**
   * Waits for the end of the answer.
   *
   * @throws {BlindLlamaError} `receipt.incomplete`, `receipt.missing`, `receipt.signature`, `receipt.size`
   */
  signed(): Promise<SignedText> {
    return (this.#signed ??= this.#sign())
  }

  async #sign(): Promise<SignedText> {
    await this.#over
    if (this.#length > maxLength)
      throw new BlindLlamaError('receipt.size', 'Request and answer are too long to be kept for a receipt')
    const request = withoutZerosAtEnd(new Uint8Array(await new Blob(this.#request as BlobPart[]).arrayBuffer()))
    const split = splitResponse(concat(...this.#response))
    const carried = split?.trailers.filter(([name]) => name === receiptField) ?? []
    const value = decodeBase64url(carried[0]?.[1] ?? '')
    if (!split || carried.length !== 1 || (value?.length !== signatureLength && value?.length !== signatureLength + 32))
      throw new BlindLlamaError('receipt.missing', 'The answer ended without a receipt')
    const salt = this.#salt
    const exchange: SignedText = {
      salt,
      request,
      response: split.signed,
      credentials: credentialsIn(request),
      requestDigest: await saltedDigest(salt, request),
      responseDigest: await saltedDigest(salt, split.signed),
      modelDigest: value.slice(signatureLength),
      signature: value.slice(0, signatureLength),
    }
    const epochId = fromHex(this.#proof.verdict.key.epochId)
    if (!(await isSigned(exchange.signature, { ...exchange, epochId }, this.#receiptKey)))
      throw new BlindLlamaError('receipt.signature', 'The receipt is not signed by the gateway that was proved')
    return exchange
  }

  /** Once it is too long, nothing of it is kept. */
  #hasRoomFor(length: number): boolean {
    this.#length += length
    if (this.#length <= maxLength) return true
    this.#request = []
    this.#response = []
    return false
  }
}

function withoutZerosAtEnd(bytes: Bytes): Bytes {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end -= 1
  return bytes.subarray(0, end)
}

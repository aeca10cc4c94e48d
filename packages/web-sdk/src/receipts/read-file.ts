import { type Bytes, utf8 } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { type JsonObject, readJson } from '../signed/json-object.js'
import { decodeBase64url } from './base64.js'

const maxFileLength = 256 * 1024 * 1024

/** A receipt's file (PROTOCOL.md §21), decoded; nothing of it is verified. */
export interface ReceiptFile {
  audience: string
  policy: Bytes
  nonce: Bytes
  evidence: Bytes
  staticPart: Bytes | undefined
  /** The holder's word, milliseconds since 1970. */
  verifiedAtMs: number
  exchange: FileExchange | undefined
}

export interface FileExchange {
  /** The texts themselves, or their salted digests where there is no salt. */
  salt: Bytes | undefined
  request: Bytes
  response: Bytes
  /** 32 bytes, or none. */
  modelDigest: Bytes
  signature: Bytes
}

/** @throws {BlindLlamaError} `receipt.size`, `receipt.syntax` */
export function readReceiptFile(file: string | Uint8Array): ReceiptFile {
  assertReceiptSize(file.length)
  const members = new Members(readJson(typeof file === 'string' ? file : textOf(file), malformed))
  if (members.text('type') !== 'blindllama/receipt') throw malformed('its type is another')
  if (members.integer('version') !== 1) throw malformed('this version reads version 1 alone')
  const read = {
    audience: members.text('audience'),
    policy: utf8(members.text('policy')),
    nonce: members.bytes('nonce', 32),
    evidence: members.bytes('evidence'),
    staticPart: members.has('static') ? members.bytes('static') : undefined,
    verifiedAtMs: members.integer('verifiedAtMs'),
    exchange: members.has('exchange') ? exchangeOf(members.object('exchange')) : undefined,
  }
  members.assertAllRead()
  return read
}

function exchangeOf(members: Members): FileExchange {
  const salted = members.has('salt')
  const read = {
    salt: salted ? members.bytes('salt', 32) : undefined,
    request: salted ? members.bytes('request') : members.bytes('requestDigest', 32),
    response: salted ? members.bytes('response') : members.bytes('responseDigest', 32),
    modelDigest: members.has('modelDigest') ? members.bytes('modelDigest', 32) : new Uint8Array(),
    signature: members.bytes('signature', 64),
  }
  members.assertAllRead()
  return read
}

/** @throws {BlindLlamaError} `receipt.size` */
export function assertReceiptSize(length: number): void {
  if (length > maxFileLength) throw new BlindLlamaError('receipt.size', 'A receipt has at most 256 MiB')
}

function malformed(what: string): BlindLlamaError {
  return new BlindLlamaError('receipt.syntax', `The file is not a receipt: ${what}`)
}

function textOf(file: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(file)
  } catch {
    throw malformed('it is not UTF-8')
  }
}

/** The members of an object, each of which must be asked for. */
class Members {
  readonly #object: JsonObject
  readonly #read = new Set<string>()

  constructor(object: JsonObject) {
    this.#object = object
  }

  has(name: string): boolean {
    return this.#object.has(name)
  }

  text(name: string): string {
    const value = this.#take(name)
    if (typeof value !== 'string') throw malformed(`${name} must be a string`)
    return value
  }

  integer(name: string): number {
    const value = this.#take(name)
    if (typeof value !== 'number') throw malformed(`${name} must be an integer`)
    return value
  }

  /** @param length that they must have */
  bytes(name: string, length?: number): Bytes {
    const bytes = decodeBase64url(this.text(name))
    if (!bytes) throw malformed(`${name} must be base64url without padding`)
    if (length !== undefined && bytes.length !== length) throw malformed(`${name} must have ${length} bytes`)
    return bytes
  }

  object(name: string): Members {
    const value = this.#take(name)
    if (typeof value !== 'object') throw malformed(`${name} must be an object`)
    return new Members(value)
  }

  assertAllRead(): void {
    for (const name of this.#object.keys())
      if (!this.#read.has(name)) throw malformed(`${JSON.stringify(name)} is not known`)
  }

  #take(name: string): JsonObject | string | number {
    const value = this.#object.get(name)
    if (value === undefined) throw malformed(`${name} is missing`)
    this.#read.add(name)
    return value
  }
}

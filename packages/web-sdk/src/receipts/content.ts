import { kindOfValue } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { assertReceiptSize } from './read-file.js'

/** A receipt or a verification record: its text or bytes, the file that a person chose, or its JSON as it was parsed. */
export type ReceiptSource = string | Uint8Array | ArrayBuffer | Blob | object

/**
 * What a caller has of a receipt, as its reader takes it. Reading a file takes time; nothing else here does.
 *
 * @throws {BlindLlamaError} `receipt.size`; `client.options` for what is no receipt in any form
 */
export async function contentOf(file: ReceiptSource): Promise<string | Uint8Array> {
  if (typeof file === 'string') return file
  if (ArrayBuffer.isView(file)) return new Uint8Array(file.buffer, file.byteOffset, file.byteLength)
  const kind = kindOfValue(file)
  if (kind === 'ArrayBuffer') return new Uint8Array(file as ArrayBuffer)
  if (kind === 'Blob' || kind === 'File') {
    const blob = file as Blob
    assertReceiptSize(blob.size)
    return new Uint8Array(await blob.arrayBuffer())
  }
  const { text } = (file ?? {}) as { text?: unknown }
  if (kind === 'Object' && typeof text !== 'function') return JSON.stringify(file)
  throw new BlindLlamaError(
    'client.options',
    `The receipt is ${kind === 'Object' ? 'the object of a client: pass its text()' : `of type ${kind}: pass its text, its bytes, a Blob, or its JSON`}`,
  )
}

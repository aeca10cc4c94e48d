import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** Bytes by their number and their SHA-256, hexadecimal. */
export interface Digest {
  readonly bytes: number
  readonly sha256: string
}

/** What arrived at /v1/files. */
export interface Received extends Digest {
  /** The content type; '' where there was none. */
  readonly type: string
  /** Names and values, where it was a form. */
  readonly form: readonly (readonly [name: string, value: string | (Digest & { name: string; type: string })])[]
}

export function digest(bytes: Uint8Array): Digest {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

/** Takes an upload whole. Forms are read by Node's own parser. */
export async function receive(request: IncomingMessage): Promise<Received> {
  const body = await buffer(request)
  const type = request.headers['content-type'] ?? ''
  const entries = type.startsWith('multipart/')
    ? [...(await new Response(body, { headers: { 'content-type': type } }).formData())]
    : []
  const form = entries.map(async ([name, value]): Promise<Received['form'][number]> => {
    if (typeof value === 'string') return [name, value]
    const bytes = new Uint8Array(await value.arrayBuffer())
    return [name, { ...digest(bytes), name: value.name, type: value.type }]
  })
  return { ...digest(body), type, form: await Promise.all(form) }
}

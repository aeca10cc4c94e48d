import { type Bytes, concat } from './bytes.js'

/**
 * The whole body of a response, or `undefined` as soon as it is known to exceed `limit` bytes; what is over is not read.
 *
 * @throws what the platform throws where the body breaks off or the request was aborted.
 */
export async function readLimited(response: Response, limit: number): Promise<Bytes | undefined> {
  if (!response.body) return new Uint8Array()
  const reader = response.body.getReader()
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concat(...parts)
    length += value.length
    if (length > limit) {
      await reader.cancel().catch(() => {})
      return undefined
    }
    parts.push(value)
  }
}

import { type Bytes, concat } from './bytes.js'

/**
 * The whole body of a response, or `undefined` as soon as it is known to exceed `limit` bytes; what is over is not read.
 *
 * @param signal lets go of the body when it aborts
 * @throws what the platform throws where the body breaks off or the request was aborted.
 */
export async function readLimited(response: Response, limit: number, signal?: AbortSignal): Promise<Bytes | undefined> {
  if (!response.body) return new Uint8Array()
  const reader = response.body.getReader()
  const release = (): void => void reader.cancel().catch(() => {})
  signal?.addEventListener('abort', release)
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return concat(...parts)
    length += value.length
    if (length > limit) {
      release()
      return undefined
    }
    parts.push(value)
  }
}

import type { Bytes } from '../bytes.js'

/** The static part of the last evidence that passed, with the hash by which `have` names it (PROTOCOL.md §2). */
export class StaticPartCache {
  bytes: Bytes | undefined
  hash: Bytes | undefined

  /** Keeps `bytes`; evidence that left its static part out keeps what is held. */
  async keep(bytes: Bytes | undefined): Promise<void> {
    if (!bytes) return
    const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    this.bytes = bytes
    this.hash = hash
  }
}

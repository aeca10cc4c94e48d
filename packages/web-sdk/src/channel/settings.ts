import type { Resend } from './resend.js'

/** What the channel takes of the options of `connect`, after their check. */
export interface ChannelSettings {
  /** Where requests must be addressed to; ends in `/`. */
  base: URL
  /** Where bytes are sent; ends in `/`. */
  endpoint: URL
  resend: Resend
  /** What sends the bytes: the platform's, taken once. */
  fetch: typeof globalThis.fetch
}

import type { RequestKey } from '../ohttp/request-key.js'
import type { ObservedExchange } from './observed.js'

/** What a request needs of the attested service. */
export interface ChannelKey {
  readonly key: RequestKey
  /** `[a-z0-9]{1,32}`: the part of the path that the request is posted to. */
  readonly instance: string
  /** How long the key may be used yet, in milliseconds; 0 once its time is over. */
  readonly lifetime: { remainingMs: () => number }
  /** What to add to this machine's wall clock to get the service's, in milliseconds. */
  clockOffsetMs: number
  /** Follows one exchange under this key, where somebody wants it followed. */
  readonly observe?: () => ObservedExchange
}

/** Where channel keys come from. */
export interface KeySource<Key extends ChannelKey> {
  /** The key in use. */
  current: (signal?: AbortSignal) => Promise<Key>
  /** Another than `stale`, whose gateway is said to be gone, or not to know it. */
  replace: (stale: Key, reason: 'gone' | 'key-unknown', signal?: AbortSignal) => Promise<Key>
  /** Looks for another than `held` in the background: a request under it has been without an answer for long. */
  suspect?: (held: Key) => void
}

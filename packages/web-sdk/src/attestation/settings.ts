import type { Bytes } from '../bytes.js'
import type { ExchangeObserver } from '../channel/observed.js'
import type { ChannelSettings } from '../channel/settings.js'
import type { StateStore } from './state-store.js'

/** What an attestation takes of the options of `connect`, after their check. */
export interface AttestationSettings extends Pick<ChannelSettings, 'base' | 'endpoint' | 'fetch'> {
  /** Used where the policy names no audience (PROTOCOL.md §7). */
  audience: string
  policy: Bytes
  allowSimulated: boolean
  /** Milliseconds. */
  attestTimeoutMs: number
  state: StateStore | undefined
  receipts: ExchangeObserver | undefined
}

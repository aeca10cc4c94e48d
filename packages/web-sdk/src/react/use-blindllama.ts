import { useCallback, useInsertionEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { ChannelFetch } from '../channel/fetch.js'
import { ComponentFetch } from './component-fetch.js'
import { Followers, type Listener } from './follow.js'
import { optionsKey, type UseBlindLlamaOptions } from './options.js'
import { IDLE, type SessionState } from './session.js'
import type { Sessions } from './sessions.js'

/** Where a component stands, and the `fetch` that it sends with. */
export type BlindLlamaState<AllowSimulated extends boolean = boolean> = SessionState<AllowSimulated> & {
  /**
   * The client's `fetch`, which encrypts to the attested key: a function in every state, and the same one while the options
   * are equal. While the service is being attested it waits for that, until its caller's signal aborts or `attestTimeoutMs`
   * are over. It rejects, and nothing is sent, with the code of an attestation that failed, with `client.closed` once the
   * component is gone, and with `client.idle` without options and on a server.
   */
  readonly fetch: ChannelFetch
}

/** What a component gets. */
export type BlindLlama<AllowSimulated extends boolean = boolean> = BlindLlamaState<AllowSimulated> & {
  /**
   * Attests anew: after an error, or to renew the key. Requests under way keep theirs, and new ones use the key that is still
   * valid. Stable while the options are equal.
   */
  readonly retry: () => void
  /**
   * Calls `listener` with the events of the last attestation, and with those that follow, until the returned function is called. Panels
   * verify the evidence in them again. Stable while the options are equal.
   */
  readonly follow: (listener: Listener) => () => void
}

export type UseBlindLlama = <const AllowSimulated extends boolean = false>(
  options: UseBlindLlamaOptions<AllowSimulated> | null | undefined,
) => BlindLlama<AllowSimulated>

/** Makes the hook over a set of sessions. */
export function createUseBlindLlama(sessions: Sessions): UseBlindLlama {
  return function useBlindLlama<const AllowSimulated extends boolean = false>(
    options: UseBlindLlamaOptions<AllowSimulated> | null | undefined,
  ) {
    const key = options ? optionsKey(options) : undefined

    const latest = useRef(options)
    useInsertionEffect(() => {
      latest.current = options
    })

    const componentFetch = useMemo(
      () => new ComponentFetch(key !== undefined && typeof document !== 'undefined'),
      [key],
    )
    const followers = useMemo(() => new Followers(), [key])
    const observe = useCallback(
      (changed: () => void) => {
        const current = latest.current
        if (key === undefined || !current) return () => {}
        return sessions.observe(current, {
          changed,
          heard(event) {
            latest.current?.onEvent?.(event)
            followers.heard(event)
          },
          shows(session) {
            componentFetch.show(session)
            followers.show(session)
          },
        })
      },
      [key, componentFetch, followers],
    )
    const snapshot = (): SessionState<true> => (key === undefined ? IDLE : sessions.state(key))
    const state = useSyncExternalStore(observe, snapshot, () => IDLE)
    const retry = useCallback(() => {
      if (key !== undefined) sessions.retry(key)
    }, [key])

    // A session made from options without the opt-in cannot hold a simulated verdict: `connect` refuses it.
    return useMemo(
      () => ({
        ...(state as SessionState<AllowSimulated>),
        fetch: componentFetch.fetch,
        retry,
        follow: followers.follow,
      }),
      [state, componentFetch, retry, followers],
    )
  }
}

import { useCallback, useInsertionEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import { optionsKey, type UseBlindLlamaOptions } from './options.js'
import { IDLE, type BlindLlamaState } from './session.js'
import type { Sessions } from './sessions.js'

export type UseBlindLlama = <const AllowSimulated extends boolean = false>(
  options: UseBlindLlamaOptions<AllowSimulated> | undefined,
) => BlindLlamaState<AllowSimulated> & {
  /** Attests anew: after an error, or to renew the key. Requests under way keep theirs. Stable while the options are equal. */
  readonly retry: () => void
}

/** Makes the hook over a set of sessions. */
export function createUseBlindLlama(sessions: Sessions): UseBlindLlama {
  return function useBlindLlama<const AllowSimulated extends boolean = false>(
    options: UseBlindLlamaOptions<AllowSimulated> | undefined,
  ) {
    const key = options && optionsKey(options)

    const latest = useRef(options)
    useInsertionEffect(() => {
      latest.current = options
    })

    const observe = useCallback(
      (changed: () => void) => {
        const current = latest.current
        if (key === undefined || current === undefined) return () => {}
        return sessions.observe(current, { changed, heard: (event) => latest.current?.onEvent?.(event) })
      },
      [key],
    )
    const snapshot = (): BlindLlamaState<true> => (key === undefined ? IDLE : sessions.state(key))
    const state = useSyncExternalStore(observe, snapshot, () => IDLE)
    const retry = useCallback(() => {
      if (key !== undefined) sessions.retry(key)
    }, [key])

    // A session made from options without the opt-in cannot hold a simulated verdict: `connect` refuses it.
    return useMemo(() => ({ ...(state as BlindLlamaState<AllowSimulated>), retry }), [state, retry])
  }
}

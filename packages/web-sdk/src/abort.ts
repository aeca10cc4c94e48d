/**
 * `promise`, or the reason of `signal` as soon as it aborts: for work that several callers share, which one of them may
 * leave without stopping it for the others.
 */
export function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  return new Promise<T>((resolve, reject) => {
    const leave = (): void => reject(signal.reason)
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

/**
 * Runs `work` for at most `ms` milliseconds. The signal that the work gets aborts with the reason of `signal`, with `late()`
 * when the time is over, or with the failure of the work itself, so that whatever is still under way is let go.
 *
 * The promise settles then, also where the work does not heed its signal.
 */
export async function within<T>(
  ms: number,
  late: () => Error,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const own = new AbortController()
  const leave = (): void => own.abort(signal?.reason)
  signal?.addEventListener('abort', leave, { once: true })
  const timer = setTimeout(() => own.abort(late()), ms)
  try {
    return await raceAbort(work(own.signal), own.signal)
  } catch (error) {
    own.abort(error)
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', leave)
  }
}

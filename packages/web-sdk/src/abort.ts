/**
 * `promise`, or the reason of `signal` as soon as it aborts: for work that several callers share, which one of them may
 * leave without stopping it for the others.
 */
export async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise
  let leave: () => void = () => {}
  const left = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason)
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  })
  try {
    return await Promise.race([left, promise])
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

import { useEffect, useState, type ReactElement } from 'react'

/** Time left until `expiresAt` (milliseconds since 1970), counted down each second. */
export function Countdown({ expiresAt }: { readonly expiresAt: number }): ReactElement {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  const left = expiresAt - now
  return left > 0 ? (
    <time className="countdown" dateTime={`PT${Math.ceil(left / 1000)}S`}>
      {duration(left)}
    </time>
  ) : (
    <span className="countdown">over: the next message verifies anew</span>
  )
}

/** `59 min 07 s`; hours only where there are some. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor(seconds / 60) % 60
  const rest = `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  return hours > 0 ? `${hours} h ${rest}` : rest
}

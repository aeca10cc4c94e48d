import type { BlindLlama } from '@blindllama/web-sdk/react'
import { useEffect } from 'react'

/** Attests anew when the network is back, where the service was out of reach. A refusal of the verifier waits for a person. */
export function useNetworkReturn({ status, error, retry }: BlindLlama): void {
  const isOutOfReach = status === 'error' && error.code === 'evidence.unreachable'
  useEffect(() => {
    if (!isOutOfReach) return undefined
    addEventListener('online', retry)
    return () => removeEventListener('online', retry)
  }, [isOutOfReach, retry])
}

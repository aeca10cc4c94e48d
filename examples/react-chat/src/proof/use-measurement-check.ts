import { useEffect, useState } from 'react'
import type { Measured } from '../staging.ts'

/**
 * Whether extending a fresh PCR by these digests, in this order, gives `value` (TPM 2.0 Part 1 §11.4.7). Only for SHA-256.
 */
export async function explains(measured: readonly Measured[], value: string): Promise<boolean> {
  let pcr: Uint8Array<ArrayBuffer> = new Uint8Array(32)
  for (const { sha256 } of measured) {
    const digest = Uint8Array.from(sha256.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    pcr = new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array([...pcr, ...digest])))
  }
  return measured.length > 0 && Array.from(pcr, (byte) => byte.toString(16).padStart(2, '0')).join('') === value
}

/** `explains` as state; `undefined` until it is known. */
export function useMeasurementCheck(measured: readonly Measured[], value: string): boolean | undefined {
  const [explained, setExplained] = useState<boolean>()
  useEffect(() => {
    let current = true
    explains(measured, value).then(
      (result) => current && setExplained(result),
      () => current && setExplained(undefined),
    )
    return () => {
      current = false
    }
  }, [measured, value])
  return explained
}

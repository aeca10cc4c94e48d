import { useEffect, useState } from 'react'
import type { Measured } from '../staging.ts'

/** How the measurements lead to the value: by themselves, or after what firmware extends when it hands over. */
export type Explanation = 'alone' | 'after-separator' | 'after-boot'

/** What EV_SEPARATOR measures where all went well: four zero bytes (TCG PC Client Platform Firmware Profile). */
const SEPARATOR = new Uint8Array(4)
/** What firmware measures into PCR 4 before that. */
const CALLING_APPLICATION = new TextEncoder().encode('Calling EFI Application from Boot Option')

/**
 * Extends a fresh PCR of the SHA-256 bank by these digests, in this order (TPM 2.0 Part 1, Extend of a PCR), and compares with `value`.
 * `undefined` where they do not explain it.
 */
export async function explainValue(measured: readonly Measured[], value: string): Promise<Explanation | undefined> {
  if (measured.length === 0) return undefined
  const digests = measured.map(({ sha256: hex }) =>
    Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)),
  )
  if ((await extendAll(digests)) === value) return 'alone'
  const separator = await sha256(SEPARATOR)
  if ((await extendAll([separator, ...digests])) === value) return 'after-separator'
  const call = await sha256(CALLING_APPLICATION)
  return (await extendAll([call, separator, ...digests])) === value ? 'after-boot' : undefined
}

async function extendAll(digests: readonly Uint8Array[]): Promise<string> {
  let pcr = new Uint8Array(32)
  for (const digest of digests) pcr = await sha256(new Uint8Array([...pcr, ...digest]))
  return Array.from(pcr, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
}

/** `explainValue` as state; `undefined` also until it is known. What explained an earlier value explains no later one. */
export function useExplanation(measured: readonly Measured[], value: string): Explanation | undefined {
  const [found, setFound] = useState<{ measured: readonly Measured[]; value: string; explanation?: Explanation }>()
  useEffect(() => {
    let current = true
    void explainValue(measured, value).then(
      (explanation) => current && setFound({ measured, value, ...(explanation && { explanation }) }),
    )
    return () => {
      current = false
    }
  }, [measured, value])
  return found?.measured === measured && found.value === value ? found.explanation : undefined
}

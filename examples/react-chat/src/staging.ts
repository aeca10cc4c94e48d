import { useEffect, useState } from 'react'

/** What a file or setting of the service was measured into before it started. */
export interface Measured {
  readonly name: string
  readonly sha256: string
  readonly pcr: number
}

/** The deployment that this page was published for. */
export interface Staging {
  readonly url: string
  /** The policy as JSON text, handed to the verifier byte for byte. */
  readonly policy: string
  readonly measured: readonly Measured[]
  readonly model: string
}

/**
 * Reads `/staging.json` from the page's own origin.
 *
 * This is no weakening: the page's origin is trusted with everything anyway, because it serves the very script that
 * verifies. A product compiles its policy in; the staging makes a new software TPM at each start and publishes its
 * policy beside the page. Nothing here comes from the service that is to be verified.
 */
export async function loadStaging(signal: AbortSignal): Promise<Staging> {
  const options: RequestInit = { signal, cache: 'no-store', credentials: 'omit', redirect: 'error' }
  const response = await fetch('/staging.json', options).catch((cause: unknown) => {
    throw new Error(
      'There is no network, or the server of this page does not answer: nothing can be sent. Stored conversations can be read.',
      { cause },
    )
  })
  if (!response.ok) throw new Error(`/staging.json answered with status ${response.status}`)
  return parseStaging(await response.json())
}

export function parseStaging(value: unknown): Staging {
  const record = value as Record<string, unknown> | null
  const { url, policy, measured, model } = record ?? {}
  if (typeof url !== 'string' || typeof policy !== 'string' || typeof model !== 'string' || !Array.isArray(measured)) {
    throw new TypeError('/staging.json lacks url, policy, model or measured')
  }
  return { url: url.endsWith('/') ? url : `${url}/`, policy, model, measured: measured.map(parseMeasured) }
}

function parseMeasured(value: unknown): Measured {
  const { name, sha256, pcr } = (value ?? {}) as Record<string, unknown>
  if (typeof name !== 'string' || typeof sha256 !== 'string' || typeof pcr !== 'number') {
    throw new TypeError('/staging.json has an entry in measured without name, sha256 or pcr')
  }
  return { name, sha256, pcr }
}

export type StagingState =
  | { readonly staging: undefined; readonly problem: undefined }
  | { readonly staging: Staging; readonly problem: undefined }
  | { readonly staging: undefined; readonly problem: string }

export function useStaging(): StagingState {
  const [state, setState] = useState<StagingState>({ staging: undefined, problem: undefined })
  useEffect(() => {
    const controller = new AbortController()
    loadStaging(controller.signal).then(
      (staging) => setState({ staging, problem: undefined }),
      (error: unknown) => {
        if (controller.signal.aborted) return
        setState({ staging: undefined, problem: error instanceof Error ? error.message : String(error) })
      },
    )
    return () => controller.abort()
  }, [])
  return state
}

import type { Report } from '@blindllama/web-sdk'

/** What the verifier's `inspect` writes. Bytes are hex. Absent members could not be read, or are not there. */
export interface Inspection extends Pick<Report, 'claims' | 'clock'> {
  bundle?: {
    bytes: number
    version: number
    staticHash: string
    carriesStatic: boolean
    /** Position of the client's leaf. */
    index: number
    /** Of the tree of nonces. */
    depth: number
  }
  ak?: { name: string; algorithm: string }
  quote?: {
    qualifiedSigner: string
    extraData: string
    pcrSelect: { hash: number; pcrs: number[] }[]
    pcrDigest: string
  }
  keys?: { keyId: number; kemId: number; keyConfig: string }[]
  values?: { bank: string; pcrs: { index: number; value: string }[] }
  /** Of the static part that was read. */
  staticHash?: string
  /** DER, leaf to root. */
  chain?: string[]
  eventLogs?: string[]
  malformed: { part: string; code: string; place: string }[]
}

export function report(json: string): Inspection {
  return JSON.parse(json) as Inspection
}

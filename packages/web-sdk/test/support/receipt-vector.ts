import { bundleVector, currentStatus, receiptFile } from '../../../../tools/vectors/receipt-file.ts'
import type { Envelope } from '../../src/receipts/current-status.js'

export interface ReceiptCase {
  /** The file of PROTOCOL.md §21. */
  file: string
  policy: string
  audience: string
  /** DSSE envelopes of `current-status`, each with its proof of a log where it has one: the status, then key sets. */
  envelopes: Envelope[]
  statusAtMs: number
}

/** A receipt of the verifier's conformance suite, and what its verifier knows of withdrawals. */
export function receiptCase(name: string): ReceiptCase {
  const { policy, audience } = bundleVector(name)
  const { documents, nowMs } = currentStatus(name)
  return {
    file: receiptFile(name),
    policy,
    audience,
    envelopes: documents.map(({ envelope, proof }) => (proof ? { envelope, proof } : envelope)),
    statusAtMs: nowMs,
  }
}

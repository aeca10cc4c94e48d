export interface ReceiptCase {
  /** The file of PROTOCOL.md §21. */
  file: string
  policy: string
  audience: string
  /** DSSE envelopes of `current-status`: the status, then key sets. */
  envelopes: string[]
  statusAtMs: number
}
/** A receipt of the verifier's conformance suite, and what its verifier knows of withdrawals. */
export declare function receiptCase(name: string): ReceiptCase

export type { ReceiptSource } from './content.js'
export { type Envelope, type LoggedEnvelope } from './current-status.js'
export { type Receipt, type ReceiptTextOptions, type RecordInput, verificationRecord } from './file.js'
export { type ReceiptStore, receipts } from './receipts.js'
export {
  type CheckOptions,
  type HoldersWord,
  type ProvenExchange,
  type ReceiptConsistency,
  type ReceiptVerdict,
  type Shown,
  type VerifyReceiptOptions,
  checkReceipt,
  verifyReceipt,
} from './verify.js'

export { type Receipt, type ReceiptTextOptions } from './file.js'
export { type ReceiptKeeper, receipts } from './receipts.js'
export {
  type CheckOptions,
  type ProvenExchange,
  type ReceiptConsistency,
  type ReceiptVerdict,
  type VerifyReceiptOptions,
  checkReceipt,
  verifyReceipt,
} from './verify.js'

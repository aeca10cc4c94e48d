export { type Receipt, type ReceiptTextOptions } from './file.js'
export { type ReceiptKeeper, receipts } from './receipts.js'
export { type ProvenExchange, type ReceiptVerdict, type VerifyReceiptOptions, verifyReceipt } from './verify.js'

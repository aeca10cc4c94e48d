export { type Receipt, type ReceiptTextOptions } from './file.js'
export { type ReceiptKeeper, receipts } from './receipts.js'

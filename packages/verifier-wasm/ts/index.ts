/** The verifier that pages load: start it with `initSync`, then call it. */
export { initSync, staticPart } from '../pkg/blindllama_verifier.js'
export type * from './codes.js'
export type * from './verdict.js'
export { verify, verifyReceipt } from './verify.js'
export type { Glue, VerifyInput, VerifyReceiptInput } from './verify.js'

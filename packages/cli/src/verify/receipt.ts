import { checkReceipt, verifyReceipt } from '@blindllama/web-sdk/receipts'
import { judged, type Outcome, underItsOwnPolicy } from './outcome.js'
import { sentencesOf } from './receipt-sentences.js'

interface Request {
  file: Uint8Array<ArrayBuffer>
  policy?: Uint8Array
  allowSimulated: boolean
}

/**
 * Judges a receipt or a verification record, without a network. Without a policy of the caller it only tells whether the file
 * agrees with the policy that it carries.
 *
 * @throws {BlindLlamaError} `receipt.syntax`
 */
export async function verifyReceiptFile({ file, policy, allowSimulated }: Request): Promise<Outcome> {
  if (!policy) return underItsOwnPolicy(await checkReceipt(file), text(file, 'policy'))
  const read = await verifyReceipt(file, { allowSimulated, policy })
  return judged(read.kind, read.verdict, sentencesOf(read, policy))
}

/** A member of a file that was read as a receipt: each of its members stands there once. */
function text(file: Uint8Array, member: string): string {
  return String((JSON.parse(Buffer.from(file).toString('utf8')) as Record<string, unknown>)[member])
}

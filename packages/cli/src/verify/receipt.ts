import { type ReceiptVerdict, verifyReceipt } from '@blindllama/web-sdk/receipts'
import { instant } from '../terminal/rows.js'
import { type Outcome, outcome } from './outcome.js'

interface Request {
  file: Uint8Array<ArrayBuffer>
  policy?: Uint8Array
  allowSimulated: boolean
}

/**
 * Judges a receipt or a verification record, without a network.
 *
 * @throws {BlindLlamaError} `receipt.syntax`
 */
export async function verifyReceiptFile({ file, policy, allowSimulated }: Request): Promise<Outcome> {
  const read = await verifyReceipt(file, { allowSimulated, ...(policy && { policy }) })
  return outcome(read.kind, read.verdict, { proven: proven(read), claimed: claimed(read) })
}

function proven({ exchange, verdict }: ReceiptVerdict): string[] {
  const said = verdict.claims ? [`Its own clock said ${instant(verdict.claims.serverTimeMs)}.`] : []
  if (!exchange) return ['An instance that passed this policy answered this question for evidence.', ...said]
  const { modelDigest, request, requestDigest, responseDigest } = exchange
  const texts = request
    ? 'received exactly this request and gave exactly this answer'
    : `received the request ${requestDigest} and gave the answer ${responseDigest}`
  const model = modelDigest === undefined ? [] : [`It was told to run the model ${modelDigest}.`]
  return [`An instance that passed this policy ${texts}.`, ...model, ...said]
}

function claimed({ exchange, ownPolicy, verifiedAtMs }: ReceiptVerdict): string[] {
  return [
    `The time: ${instant(verifiedAtMs)} is what the holder of the file says.`,
    exchange ? 'That the holder is the one who asked.' : 'That there was any conversation: the file holds none.',
    ...(ownPolicy
      ? []
      : ['That the policy is worth anything: it is the one in the file. Say --policy to judge by your own.']),
  ]
}

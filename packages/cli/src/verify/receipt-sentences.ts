import type { Report } from '@blindllama/web-sdk'
import type { ReceiptVerdict } from '@blindllama/web-sdk/receipts'
import { instant } from '../terminal/rows.js'
import type { Judged } from './outcome.js'

/** What the sentences are about. */
type Read = Pick<ReceiptVerdict, 'exchange' | 'verifiedAtMs'> & { verdict: Pick<Report, 'claims'> }

/** What a receipt or a record proves under a policy of the caller, and what stays the claim of the file's holder (PROTOCOL.md §21). */
export function sentencesOf(read: Read, policy: Uint8Array): Pick<Judged, 'proven' | 'claimed'> {
  return { proven: proven(read), claimed: claimed(read, policy) }
}

function proven({ exchange, verdict }: Read): string[] {
  const said = verdict.claims ? [`Its own clock said ${instant(verdict.claims.serverTimeMs)}.`] : []
  if (!exchange) return ['An instance that passed this policy answered this question for evidence.', ...said]
  const { request, requestDigest, responseDigest } = exchange
  const texts = request
    ? 'received exactly this request and gave exactly this answer'
    : `received the request ${requestDigest} and gave the answer ${responseDigest}`
  const model = isModelOutside(verdict) ? [] : modelTold(exchange)
  return [`An instance that passed this policy ${texts}.`, ...model, ...said]
}

function claimed({ exchange, verdict, verifiedAtMs }: Read, policy: Uint8Array): string[] {
  return [
    `The time: ${instant(verifiedAtMs)} is the word of the file's holder.`,
    exchange ? "That the file's holder is the one who asked." : 'That there was any conversation: the file holds none.',
    ...(exchange && isModelOutside(verdict) ? modelTold(exchange) : []),
    ...(namesAudience(policy)
      ? []
      : ['Which service it was: the policy names no audience, so the one that the file names was taken.']),
  ]
}

type Exchange = NonNullable<Read['exchange']>

function modelTold({ modelDigest }: Exchange): string[] {
  return modelDigest === undefined ? [] : [`The gateway was told to run the model ${modelDigest}.`]
}

/** The digest of a model outside the proof adds nothing (PROTOCOL.md §21). */
function isModelOutside({ claims }: Read['verdict']): boolean {
  return claims?.upstream === 'unattested'
}

/** Of a policy that the verifier has read: else the file's word decides which service it was. */
function namesAudience(policy: Uint8Array): boolean {
  try {
    return 'audience' in (JSON.parse(Buffer.from(policy).toString('utf8')) as object)
  } catch {
    return false
  }
}

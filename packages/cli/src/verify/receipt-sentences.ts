import type { HoldersWord, ReceiptVerdict, Shown } from '@blindllama/web-sdk/receipts'
import { instant } from '../terminal/rows.js'
import type { Judged } from './outcome.js'

type Accepted = Exclude<ReceiptVerdict, { result: 'fail' }>

/** What a file showed at its time, whatever became of the release since. */
export function shownBy(read: Accepted): Shown {
  return read.result === 'pass' ? read : read.asOfThen
}

/**
 * What a receipt or a record proves under a policy of the caller, and what stays the word of somebody (PROTOCOL.md §21). Where more
 * was withdrawn since, or nobody looked, nothing is called proven without saying so.
 */
export function sentencesOf(read: Accepted): Pick<Judged, 'proven' | 'claimed'> {
  const { verdict, exchange, holdersWord, toldModelDigest } = shownBy(read)
  const clock = verdict.claims && `Its own clock said ${instant(verdict.claims.serverTimeMs)}.`
  const what = exchange ? textOf(exchange) : 'answered this question for evidence'
  const model = exchange?.modelDigest === undefined ? undefined : told(exchange.modelDigest)
  return {
    proven: [`An instance that passed this policy ${what}.`, model, clock, sinceThen(read)].filter(isGiven),
    claimed: [
      ...holdersWord.map((word) => sentenceOf(word, read.verifiedAtMs)),
      toldModelDigest === undefined ? undefined : told(toldModelDigest),
    ].filter(isGiven),
  }
}

function textOf({ request, requestDigest, responseDigest }: NonNullable<Shown['exchange']>): string {
  return request
    ? 'received exactly this request and gave exactly this answer'
    : `received the request ${requestDigest} and gave the answer ${responseDigest}`
}

function told(model: string): string {
  return `The gateway was told to run the model ${model}.`
}

/** What is known of withdrawals after the time of the file. */
function sinceThen(read: Accepted): string | undefined {
  if (read.result === 'withdrawn')
    return `The release was withdrawn later: a status of ${instant(read.sinceMs)} accepts only newer releases.`
  if (read.result === 'unchecked' || read.statusDateMs === undefined) return undefined
  return `Neither release nor certificates were withdrawn, as of ${instant(read.statusDateMs)}.`
}

function sentenceOf(word: HoldersWord, verifiedAtMs: number): string {
  switch (word) {
    case 'time':
      return `The time, up to five minutes: ${instant(verifiedAtMs)} is a claim of the file's holder.`
    case 'asker':
      return "That the file's holder sent the request."
    case 'earlier-turns':
      return 'The earlier turns of the conversation in the request: the client writes them itself.'
    case 'conversation':
      return 'That there was any conversation: the file holds none.'
    case 'audience':
      return 'Which service it was: neither the policy nor --audience names one, so the name in the file was used.'
  }
}

function isGiven(sentence: string | undefined): sentence is string {
  return sentence !== undefined
}

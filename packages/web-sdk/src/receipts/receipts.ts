import { raceAbort } from '../abort.js'
import type { Bytes } from '../bytes.js'
import { fromHex } from '../bytes.js'
import type { ExchangeObserver, ObservedExchange, Proof } from '../channel/observed.js'
import { BlindLlamaError } from '../errors.js'
import { Exchange } from './exchange.js'
import { type Receipt, receiptOf } from './file.js'

/** The option `receipts` of `connect`. */
export interface ReceiptStore extends ExchangeObserver {
  /**
   * The receipt for an answer that the client's `fetch` gave, once its body was read to its end. It is kept as long as the
   * `Response` is; take the one that `fetch` gave, and not a clone. It may be asked for earlier and then waits for that end,
   * as long as the answer takes or until `signal` aborts.
   *
   * @throws {BlindLlamaError} `receipt.unknown` for another response, `receipt.incomplete` where the answer broke off or was
   *   not read to its end, `receipt.missing` and `receipt.signature` where the gateway did not sign it, `receipt.size`,
   *   `claims.server_time` where the clocks of page and gateway differ by more than five minutes: no verifier takes such a file
   */
  of: (response: Response, signal?: AbortSignal) => Promise<Receipt>
}

/**
 * Asks for a receipt with every request of the client it is given to.
 *
 * ```ts
 * import { connect } from '@blindllama/web-sdk'
 * import { receipts } from '@blindllama/web-sdk/receipts'
 *
 * const kept = receipts()
 * const client = await connect({ url: 'https://chat.example/', policy, receipts: kept })
 * const response = await client.fetch('https://chat.example/v1/chat/completions', { method: 'POST', headers, body })
 * await response.text()
 * const receipt = await kept.of(response)
 * link.href = URL.createObjectURL(receipt.blob({ digestsOnly: true }))
 * ```
 *
 * With `openai`, `await openai.chat.completions.create({ … }).withResponse()` gives the `response`. Where the gateway signs no
 * receipts, what comes is a verification record (`signed: false`).
 */
export function receipts(): ReceiptStore {
  const made = new WeakMap<Response, () => Promise<Receipt>>()
  return {
    begin(proof) {
      const { receiptKey } = proof.verdict.claims ?? {}
      if (proof.verdict.steps.some(({ code }) => code === 'claims.server_time'))
        return unsigned((response) => made.set(response, outOfTime))
      if (receiptKey === undefined)
        return unsigned((response) => made.set(response, async () => receiptOf(proof, undefined)))
      return follow(proof, fromHex(receiptKey), (response, receipt) => made.set(response, receipt))
    },
    async of(response, signal) {
      const receipt = made.get(response)
      if (!receipt) throw new BlindLlamaError('receipt.unknown', 'This response is not one of the client')
      return raceAbort(receipt(), signal)
    },
  }
}

/** The time of a file is the one at which the page verified the gateway, by the page's clock. */
async function outOfTime(): Promise<Receipt> {
  const message =
    'The clocks of this page and of the gateway differ by more than five minutes, so a receipt would be refused'
  throw new BlindLlamaError('claims.server_time', message)
}

function follow(
  proof: Proof,
  receiptKey: Bytes,
  answered: (response: Response, receipt: () => Promise<Receipt>) => void,
): ObservedExchange {
  return new Exchange(proof, receiptKey, (response, exchange) =>
    answered(response, async () => receiptOf(proof, await exchange.signed())),
  )
}

/** Where the gateway signs nothing, nothing of the exchange is kept. */
function unsigned(answered: (response: Response) => void): ObservedExchange {
  return { fields: [], sent() {}, received() {}, ended() {}, answered }
}

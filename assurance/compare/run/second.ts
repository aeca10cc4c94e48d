import { fromHex } from '../../second-verifier/src/bytes.ts'
import { explainEventLog, type Explanation } from '../../second-verifier/src/event-log/explain.ts'
import { checkQuote } from '../../second-verifier/src/quote.ts'
import { everySuite, type Exchange, type Receipt } from '../../second-verifier/src/receipt.ts'
import { Refusal } from '../../second-verifier/src/refusal.ts'
import { type Input, verify } from '../../second-verifier/src/verify.ts'
import { validateChain } from '../../second-verifier/src/x509/chain.ts'
import type { Answer, BundleQuestion, ExchangeQuestion, Question, ReceiptQuestion, Verifier } from './contract.ts'

/** The verifier of this package. */
export const secondVerifier: Verifier = {
  name: 'second',
  close: () => undefined,
  async answer(question) {
    try {
      return { code: 'ok', ...(await factsOf(question)) }
    } catch (error) {
      if (error instanceof Refusal)
        return {
          code: error.code,
          ...(question.ask === 'bundle' && { facts: { nextState: error.nextState ?? null } }),
        }
      throw error
    }
  },
}

async function factsOf(question: Question): Promise<Pick<Answer, 'facts'>> {
  switch (question.ask) {
    case 'bundle':
      return { facts: await verify(inputOf(question)) }
    case 'quote':
      await checkQuote({
        akPublic: question.akPublic === null ? undefined : fromHex(question.akPublic),
        akSpki: fromHex(question.akSpki ?? ''),
        endorsement: question.hierarchy === 'endorsement',
        attest: fromHex(question.attest),
        signature: fromHex(question.signature),
        extraData: fromHex(question.extraData),
        bank: question.selection.bank,
        indices: question.selection.pcrs,
        values: new Map(Object.entries(question.pcrs).map(([index, value]) => [Number(index), fromHex(value)])),
      })
      return {}
    case 'chain': {
      const chain = question.chain.map((certificate) => new Uint8Array(Buffer.from(certificate, 'base64')))
      await validateChain(chain, fromHex(question.rootSha256), question.nowMs)
      return {}
    }
    default: {
      const banks = await explainEventLog(new Uint8Array(Buffer.from(question.log, 'base64')))
      return { facts: banks.map(logFacts) }
    }
  }
}

function logFacts({ bank, values, findings, verified, secureBoot }: Explanation): object {
  const told = findings.map(({ code, pcr }) => (pcr === undefined ? code : `${code} of PCR ${pcr}`))
  return { bank, values, findings: [...new Set(told)].toSorted(), verified, secureBoot: secureBoot ?? null }
}

function inputOf({ evidence, nonce, static: held, state, receipt, ...input }: BundleQuestion): Input {
  const isReceipt = receipt !== null
  return {
    ...input,
    evidence: fromHex(evidence),
    static: optional(held),
    nonce: fromHex(nonce),
    state: isReceipt ? undefined : optional(state),
    suites: isReceipt ? everySuite : input.suites,
    receipt: isReceipt ? receiptOf(receipt) : undefined,
  }
}

function receiptOf({ exchange, status }: ReceiptQuestion): Receipt {
  return {
    exchange: exchange === null ? undefined : exchangeOf(exchange),
    status: status === null ? undefined : { documents: fromHex(status.documents), nowMs: status.nowMs },
  }
}

function exchangeOf({ salt, request, response, modelDigest, signature }: ExchangeQuestion): Exchange {
  return {
    salt: optional(salt),
    request: fromHex(request),
    response: fromHex(response),
    modelDigest: fromHex(modelDigest),
    signature: fromHex(signature),
  }
}

function optional(text: string | null): Uint8Array | undefined {
  return text === null ? undefined : fromHex(text)
}

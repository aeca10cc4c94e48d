import type { Mutant } from '../../mutant.ts'

const receipts = 'test/receipts/receipts.test.ts'

/** Receipts and what is kept. */
export const receiptChecks: readonly Mutant[] = [
  {
    name: 'sdk: a receipt shows known fields alone',
    file: 'receipts/credentials.ts',
    find: 'filter((name) => !harmless.test(name))',
    replace: 'filter((name) => /api-?key|authorization/.test(name))',
    tests: [receipts],
  },
  {
    name: 'sdk: a receipt shows no parameter of the query',
    file: 'receipts/credentials.ts',
    find: ', ...Array.from(query.keys(), (name) => `?${name}`)',
    replace: '',
    tests: [receipts],
  },
  {
    name: 'sdk: each credential of a receipt is allowed by name',
    file: 'receipts/file.ts',
    find: 'credentials.filter((name) => !allowed.includes(name))',
    replace: 'credentials.filter(() => allowed.length === 0)',
    tests: [receipts],
  },
  {
    name: 'sdk: an error about credentials tells none of their names',
    file: 'receipts/file.ts',
    find: '${unnamed.length} of',
    replace: '${unnamed.join()} of',
    tests: [receipts],
  },
  {
    name: 'sdk: a receipt has the signature of the gateway',
    file: 'receipts/exchange.ts',
    find: 'if (!(await isSigned(exchange.signature, { ...exchange, epochId }, this.#receiptKey)))',
    replace: 'if (!isSigned)',
    tests: [receipts],
  },
  {
    name: 'sdk: an answer that broke off has no receipt',
    file: 'receipts/exchange.ts',
    find: 'if (!error) return this.#end()\n',
    replace: 'if (!error || error) return this.#end()\n',
    tests: [receipts],
  },
]

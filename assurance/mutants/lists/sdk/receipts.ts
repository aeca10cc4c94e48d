import type { Mutant } from '../../mutant.ts'

const receipts = 'test/receipts/receipts.test.ts'
const verify = 'test/receipts/verify.test.ts'

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
  {
    name: 'sdk: a receipt that nobody looked up is unchecked',
    file: 'receipts/verify.ts',
    find: "if (warns(verdict, 'release.status_missing'))",
    replace: 'if (!warns)',
    tests: [verify],
  },
  {
    name: 'sdk: a release below a later floor is withdrawn',
    file: 'receipts/verify.ts',
    find: "if (warns(verdict, 'release.below_floor'))",
    replace: 'if (!warns)',
    tests: [verify],
  },
  {
    name: 'sdk: the audience of the file is the word of its holder',
    file: 'receipts/verify.ts',
    find: 'audience !== undefined || namesAudience(policy)',
    replace: 'true',
    tests: [verify],
  },
  {
    name: 'sdk: a page whose clock is off keeps no receipt',
    file: 'receipts/receipts.ts',
    find: "code === 'claims.server_time'",
    replace: "code === 'ok'",
    tests: [receipts],
  },
]

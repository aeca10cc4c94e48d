import type { Mutant } from '../../mutant.ts'

const outer = 'test/channel/outer.test.ts'

/** Errors, which tell nothing of a request. */
export const errors: readonly Mutant[] = [
  {
    name: 'sdk: a cause is told without its words',
    file: 'errors.ts',
    find: '{ cause: kindOf(options.cause) }',
    replace: '{ cause: options.cause }',
    tests: ['test/errors.test.ts', outer],
  },
  {
    name: 'sdk: a cause is told without the words of its own causes',
    file: 'errors.ts',
    find: '{ cause: kindOf(deeper, depth + 1) }',
    replace: '{ cause: deeper }',
    tests: ['test/errors.test.ts'],
  },
  {
    name: 'sdk: the name of a cause is one of a platform',
    file: 'errors.ts',
    find: "matching(name, standardName) ?? 'Error'",
    replace: 'String(name)',
    tests: ['test/errors.test.ts'],
  },
  {
    name: 'sdk: the code of a cause is one of a system',
    file: 'errors.ts',
    find: 'const known = matching(code, systemCode)',
    replace: 'const known = matching(code, /./)',
    tests: ['test/errors.test.ts'],
  },
]

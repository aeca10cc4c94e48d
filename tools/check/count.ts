/** How many tests a stage ran, and how they ended. */
export interface Count {
  readonly passed: number
  readonly failed: number
  /** Left out by whoever wrote them: that counts as a failure of the whole. */
  readonly skipped: number
}

/** Reads the counts from what a tool printed; undefined when there are none. */
export type Counter = (output: string) => Count | undefined

/** `test result: ok. 12 passed; 0 failed; 0 ignored; …`, once for each test program of cargo. */
export const cargoCount: Counter = (output) =>
  sum([...output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm)])

/** `Tests  1 failed | 22 passed | 1 skipped (24)` of Vitest; a file that cannot be loaded is a failure too. */
export const vitestCount: Counter = (output) => {
  const tests = /^ *Tests +(.*)$/m.exec(output)?.[1]
  if (tests === undefined) return undefined
  const failedFiles = number(/^ *Test Files +.*?(\d+) failed/m.exec(output)?.[1])
  const errors = number(/^ *Errors +(\d+) error/m.exec(output)?.[1])
  const failed = number(/(\d+) failed/.exec(tests)?.[1])
  return {
    passed: number(/(\d+) passed/.exec(tests)?.[1]),
    failed: Math.max(failed, failedFiles) + errors,
    skipped: number(/(\d+) skipped/.exec(tests)?.[1]) + number(/(\d+) todo/.exec(tests)?.[1]),
  }
}

/** `12 passed`, `1 failed`, `2 skipped` in this or another order, as Playwright and this project's own tools print them last. */
export const wordCount: Counter = (output) => {
  const last = (words: string): number =>
    number([...output.matchAll(new RegExp(`(\\d+) (?:${words})\\b`, 'g'))].at(-1)?.[1])
  const count = { passed: last('passed'), failed: last('failed'), skipped: last('skipped|did not run|flaky') }
  return count.passed + count.failed + count.skipped === 0 ? undefined : count
}

/** `{"mutants": 8, "noticed": 8}` of `pnpm mutants --json`: a mutant that nobody noticed is a failed test. */
export const mutantCount: Counter = (output) => {
  const [, mutants, noticed] = /^\{"mutants": (\d+), "noticed": (\d+)[,}]/m.exec(output) ?? []
  if (mutants === undefined) return undefined
  return { passed: number(noticed), failed: number(mutants) - number(noticed), skipped: 0 }
}

function sum(matches: readonly RegExpExecArray[]): Count | undefined {
  if (matches.length === 0) return undefined
  const column = (index: number): number => matches.reduce((total, match) => total + number(match[index]), 0)
  return { passed: column(1), failed: column(2), skipped: column(3) }
}

function number(text: string | undefined): number {
  return Number(text ?? 0)
}

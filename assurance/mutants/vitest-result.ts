/** Reads what a run of Vitest says about the code that ran. */
import { relative } from 'node:path'
import { vitestCount } from '../../tools/check/count.ts'
import type { Result } from './result.ts'

interface Assertion {
  readonly status: string
  readonly fullName: string
  /** Stack, or message, of each error. */
  readonly failureMessages: readonly string[] | null
}

/** Vitest's report in JSON, as far as it is read. */
export interface JsonReport {
  readonly testResults: readonly {
    readonly name: string
    readonly message: string
    readonly assertionResults: readonly Assertion[]
  }[]
}

/** Vitest's own bound of a test or a hook. The load of a machine reaches it as well as a mutant does. */
const timedOut = /^(?:Error: )?(?:Test|Hook) timed out in \d+ms\./

function isTimeout({ failureMessages }: Assertion): boolean {
  const messages = failureMessages ?? []
  return messages.length > 0 && messages.every((message) => timedOut.test(message))
}

/** A file that could not be loaded, or of which nothing ran, says nothing. A failed assertion counts, whatever else was late. */
export function resultOf(
  { testResults }: JsonReport,
  folder: string,
  files: readonly string[],
  ok: boolean,
  output: string,
): Result {
  for (const file of files) {
    const result = testResults.find(({ name }) => relative(folder, name) === file)
    if (result === undefined) return { kind: 'broken', why: `there is no test file ${file}` }
    const ran = result.assertionResults.filter(({ status }) => status === 'passed' || status === 'failed')
    if (ran.length === 0) return { kind: 'broken', why: `${file}: no test ran: ${result.message}` }
  }
  const failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
  const byAssertion = failed.find((each) => !isTimeout(each))
  if (byAssertion !== undefined) return { kind: 'failed', test: byAssertion.fullName }
  const [late] = failed
  if (late !== undefined)
    return { kind: 'late', what: `${late.fullName}: ${late.failureMessages?.[0]?.split('\n')[0]}` }
  // A rejection that nobody handles fails the run beside its tests.
  if (!ok && (vitestCount(output)?.failed ?? 0) > 0) return { kind: 'failed', test: 'an error outside of the tests' }
  return ok ? { kind: 'passed' } : { kind: 'broken', why: output.slice(-2000) }
}

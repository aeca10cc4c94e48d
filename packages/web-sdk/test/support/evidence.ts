import { existsSync, readFileSync } from 'node:fs'

const folder = new URL('../../../../../shared/evidence/', import.meta.url)

/**
 * A file of the vectors that are read in place beside the repository. Where they are absent the tests on them say so; with
 * `REQUIRE_EVIDENCE=1` that is a failure.
 */
export function readEvidence<T>(name: string): T | undefined {
  const file = new URL(name, folder)
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as T
  if (process.env['REQUIRE_EVIDENCE'] === '1') throw new Error(`the vectors ${name} are not there`)
  console.warn(`The vectors ${name} are not there: the tests on them do not run.`)
  return undefined
}

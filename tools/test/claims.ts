import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PassedTest } from './ran.ts'

/** Documents whose claims each name the test that holds them, as `file` › `name`. */
export const documents: readonly string[] = ['docs/THREAT-MODEL.md', 'docs/LEAKAGE.md']

/** What a document says holds a claim. */
export interface Claim {
  readonly document: string
  readonly file: string
  readonly name: string
}

/** Every `file` › `name` of the documents. */
export function claimsOf(root: string): Claim[] {
  return documents.flatMap((document) => {
    const text = readFileSync(join(root, document), 'utf8')
    const cited = [...text.matchAll(/`([\w./-]+\.(?:tsx?|rs|go|json))` › `([^`]+)`/g)]
    return cited.map(([, file = '', name = '']) => ({ document, file, name }))
  })
}

/**
 * The claims that no passed test of this run holds. A name may leave out the titles around it, and stand for several tests.
 *
 * @param stages files of the stages that passed as one test, such as `e2e/leakage.ts`: a claim may name a function in them
 */
export function unheld(claims: readonly Claim[], passed: readonly PassedTest[], stages: readonly string[]): Claim[] {
  const names = new Map<string, string[]>()
  for (const { file, name } of passed) names.set(file, [...(names.get(file) ?? []), name])
  return claims.filter(
    ({ file, name }) =>
      !(names.get(file) ?? []).some((ran) => ran.includes(name)) && !stages.some((stage) => file.startsWith(stage)),
  )
}

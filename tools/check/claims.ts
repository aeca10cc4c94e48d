import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PassedTest } from './ran.ts'

/** Documents whose claims each name the test that holds them, as `file` › `name`. */
export const documents: readonly string[] = ['docs/THREAT-MODEL.md', 'docs/LEAKAGE.md', 'docs/AUDIT.md']

/** What a document says holds a claim. */
export interface Claim {
  readonly document: string
  readonly file: string
  readonly name: string
}

/** Claims that machines of `pnpm e2e:vm` hold: that run judges them, `npm test` starts no machine. */
export const isOfMachines = ({ file }: Claim): boolean => file.startsWith('e2e/vm/')

/** Every `file` › `name` of the documents. */
export function claimsOf(root: string): Claim[] {
  return documents.flatMap((document) => {
    const text = readFileSync(join(root, document), 'utf8')
    const cited = [...text.matchAll(/`([\w./-]+\.(?:tsx?|rs|go|json))`\s›\s`([^`]+)`/g)]
    return cited.map(([, file = '', name = '']) => ({ document, file, name }))
  })
}

/**
 * The claims that no passed test of this run holds. A name may leave out the titles around it.
 *
 * @param stages beginnings of the paths of the stages that passed as one test, such as `e2e/truncation`: a claim may name a function
 *   that one of their files exports
 */
export function unheld(
  root: string,
  claims: readonly Claim[],
  passed: readonly PassedTest[],
  stages: readonly string[],
): Claim[] {
  const names = new Map<string, string[]>()
  for (const { file, name } of passed) names.set(file, [...(names.get(file) ?? []), name])
  return claims.filter(
    ({ file, name }) =>
      !(names.get(file) ?? []).some((ran) => isNamed(ran, name)) &&
      !stages.some((stage) => file.startsWith(stage) && exportsFunction(join(root, file), name)),
  )
}

/** Whether `name` is the whole of the name of a test, or its last title: what stands before ends with a space or, in Rust, with `::`. */
function isNamed(ran: string, name: string): boolean {
  return ran === name || ran.endsWith(` ${name}`) || ran.endsWith(`::${name}`)
}

function exportsFunction(path: string, name: string): boolean {
  return existsSync(path) && new RegExp(`^export (?:async )?function ${name}\\b`, 'm').test(readFileSync(path, 'utf8'))
}

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Area, Mutant } from './mutant.ts'

/** Path of the file that a mutant changes, relative to the root. */
export function sourcePath(area: Area, mutant: Mutant): string {
  return join(area.folder, 'src', mutant.file)
}

/** How often the text to find occurs in `source`. */
export function occurrences(source: string, { find }: Mutant): number {
  return find === '' ? 0 : source.split(find).length - 1
}

/**
 * The source with the check taken out.
 *
 * @throws When the text to find does not occur exactly once, or the patch changes nothing.
 */
export function patched(source: string, mutant: Mutant): string {
  const count = occurrences(source, mutant)
  if (count !== 1) throw new Error(`${mutant.name}: "find" occurs ${count} times in ${mutant.file}, must occur once`)
  if (mutant.find === mutant.replace) throw new Error(`${mutant.name}: "replace" is equal to "find"`)
  return source.split(mutant.find).join(mutant.replace)
}

/** The patches that do not fit the sources below `root`, and names that are not unique; empty when all is well. */
export function misfits(root: string, areas: readonly Area[]): string[] {
  const problems: string[] = []
  const names = new Set<string>()
  for (const area of areas)
    for (const mutant of area.mutants) {
      const label = `${area.name}: ${mutant.name}`
      if (names.has(mutant.name)) problems.push(`${label}: the name is used twice`)
      names.add(mutant.name)
      if (mutant.tests.length === 0) problems.push(`${label}: no test is named`)
      try {
        patched(readFileSync(join(root, sourcePath(area, mutant)), 'utf8'), mutant)
      } catch (error) {
        problems.push(`${area.name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  return problems
}

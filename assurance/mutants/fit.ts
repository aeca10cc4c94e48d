import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Area, Mutant } from './mutant.ts'
import { switched } from './rust-switch.ts'
import { patched, sourcePath } from './source.ts'

/** What is wrong with the lists, by the sources below `root`: patches that do not fit, names that stand twice; empty when all is well. */
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
        fit(readFileSync(join(root, sourcePath(area, mutant)), 'utf8'), area, mutant)
      } catch (error) {
        problems.push(`${area.name}: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  return problems
}

/** Applies the patch as the run will. */
function fit(source: string, area: Area, mutant: Mutant): void {
  if (area.runner.kind === 'rust' && mutant.whole !== true) switched(source, [mutant], 'is')
  else patched(source, mutant)
}

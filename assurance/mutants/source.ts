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

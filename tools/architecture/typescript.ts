import { posix } from 'node:path'
import ts from 'typescript'
import type { Source, Uses } from './uses.ts'

const isRelative = (name: string): boolean => /^\.\.?\//.test(name)

/** Every import and re-export, those of types alone and those at run time included. A path that names no source is left out. */
export function typescriptUses(sources: readonly Source[]): Uses {
  const paths = new Set(sources.map(({ path }) => path))
  const imports = sources.flatMap(({ path, text }) =>
    ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => ({ from: path, name: fileName })),
  )
  return {
    inside: imports
      .filter(({ name }) => isRelative(name))
      .flatMap(({ from, name }) => {
        const target = posix.join(posix.dirname(from), name)
        const to = [target, target.replace(/\.js$/, '.ts'), target.replace(/\.js$/, '.tsx')].find((one) =>
          paths.has(one),
        )
        return to === undefined ? [] : [{ from, to }]
      }),
    outside: imports.filter(({ name }) => !isRelative(name)),
  }
}

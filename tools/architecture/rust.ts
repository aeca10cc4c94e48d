import { withoutLiterals } from '../source/rust-functions.ts'
import type { Source, Uses } from './uses.ts'

/** A path in Rust source, by its segments. */
type Path = readonly string[]

interface Module {
  readonly file: string
  readonly path: Path
  /** `crate::…`, `super::…`, `self::…` and paths of other crates, as they stand. */
  readonly named: readonly Path[]
  /** What `use` brings into the module, by its name there. */
  readonly imported: ReadonlyMap<string, Path>
}

/**
 * What modules name of each other, through re-exports too: a name that a `mod.rs` takes from a child is that of the child. Tests
 * are left out: the folders and files `tests`, and modules behind `#[cfg(test)]`.
 */
export function rustUses(sources: readonly Source[]): Uses {
  const tested = new Set(sources.flatMap(({ path, text }) => testModules(path, text)))
  const isTest = (path: Path): boolean => path.some((_, depth) => tested.has(path.slice(0, depth + 1).join('::')))
  const modules = sources.map(readModule).filter(({ path }) => !isTest(path))
  const byPath = new Map(modules.map((module) => [module.path.join('::'), module]))
  const root: Module = byPath.get('') ?? { file: 'lib.rs', path: [], named: [], imported: new Map() }

  /** The deepest module on the way of `path`, which starts at the root. */
  const resolve = (path: Path, depth = 0): Module => {
    let module = root
    for (const [index, segment] of path.entries()) {
      const child = byPath.get([...module.path, segment].join('::'))
      if (child !== undefined) {
        module = child
        continue
      }
      const source = module.imported.get(segment)
      const target = source === undefined || depth > 8 ? undefined : absolute(source, module.path, byPath)
      return target === undefined ? module : resolve([...target, ...path.slice(index + 1)], depth + 1)
    }
    return module
  }
  const inside = modules.flatMap((module) =>
    module.named.flatMap((name) => {
      const path = absolute(name, module.path, byPath)
      const to = path === undefined ? undefined : resolve(path)
      return to === undefined || to === module || to === root ? [] : [{ from: module.file, to: to.file }]
    }),
  )
  const outside = modules.flatMap(({ file, path, named }) =>
    named
      .filter((name) => absolute(name, path, byPath) === undefined)
      .map((name) => ({ from: file, name: name.join('::') })),
  )
  return { inside, outside }
}

/** From the root of the crate; undefined for another crate. */
function absolute(name: Path, from: Path, modules: ReadonlyMap<string, Module>): Path | undefined {
  const [first = '', ...rest] = name
  if (first === 'crate') return rest
  if (first === 'self') return [...from, ...rest]
  if (first === 'super') {
    const ups = name.findIndex((segment) => segment !== 'super')
    return [...from.slice(0, from.length - ups), ...name.slice(ups)]
  }
  return modules.has([...from, first].join('::')) ? [...from, ...name] : undefined
}

function modulePath(file: string): Path {
  const path = file.replace(/\.rs$/, '').split('/')
  const isFace = path.at(-1) === 'mod' || (path.length === 1 && /^(?:lib|main)$/.test(path[0] ?? ''))
  return isFace ? path.slice(0, -1) : path
}

/** Modules of the file that only tests have, by their paths. */
function testModules(file: string, source: string): string[] {
  const names = [...source.matchAll(/#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;/g)]
  return names.map(([, name = '']) => [...modulePath(file), name].join('::'))
}

function readModule({ path: file, text }: Source): Module {
  const code = withoutInlineTests(withoutLiterals(text))
  const uses = [...code.matchAll(/\buse\s+([^;]+);/g)].flatMap(([, tree = '']) => leaves(tree))
  const rest = code.replaceAll(/\buse\s+[^;]+;/g, '')
  const inline = [...rest.matchAll(/(?<![\w:])(?:crate|super|self|std|core|[a-z]\w*)(?:::\w+)+/g)].map(([name]) =>
    name.split('::'),
  )
  return {
    file,
    path: modulePath(file),
    named: [...uses.map(({ path }) => path), ...inline],
    imported: new Map(uses.map(({ name, path }) => [name, path])),
  }
}

/** The paths of a tree of `use`, each with the name that it gets. */
function leaves(tree: string, above: Path = []): { name: string; path: Path }[] {
  const brace = tree.indexOf('{')
  if (brace >= 0) {
    const prefix = [...above, ...segments(tree.slice(0, brace))]
    return branches(tree.slice(brace + 1, tree.lastIndexOf('}'))).flatMap((branch) => leaves(branch, prefix))
  }
  const [whole = '', alias] = tree.split(/\s+as\s+/)
  const path = [...above, ...segments(whole)]
  const named = path.at(-1) === 'self' ? path.slice(0, -1) : path
  const name = alias?.trim() ?? named.at(-1)
  return name === undefined ? [] : [{ name, path: path.length > 1 ? named : path }]
}

const segments = (path: string): Path => path.split('::').flatMap((segment) => segment.trim() || [])

/** Splits at the commas outside of braces. */
function branches(list: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const character of list) {
    if (character === '{') depth += 1
    if (character === '}') depth -= 1
    if (character === ',' && depth === 0) {
      parts.push(part)
      part = ''
    } else part += character
  }
  return [...parts, part].filter((one) => one.trim() !== '')
}

/** Modules of tests that stand in the file itself close at the beginning of a line, as rustfmt writes them. */
function withoutInlineTests(code: string): string {
  return code.replaceAll(/#\[cfg\(test\)\]\s*mod\s+\w+\s*\{[^]*?\n\}/g, '')
}

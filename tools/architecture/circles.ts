import { type Use, unitOf } from './uses.ts'

/** Folders that depend on each other in a circle. */
export interface Circle {
  /** The folder that holds them, below `src`; empty for `src` itself. */
  readonly folder: string
  /** One way around, from a unit back to itself, and a use for each step. */
  readonly steps: readonly { readonly unit: string; readonly use: Use }[]
}

/** The circles between the units of each folder. Files alone may use each other; a circle has a folder in it. */
export function circles(uses: readonly Use[]): Circle[] {
  const paths = [...new Set(uses.flatMap(({ from, to }) => [from, to]))]
  const folders = new Set(['', ...paths.flatMap(foldersOf)])
  return [...folders].flatMap((folder) => circlesOf(folder, folders, uses))
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'))
}

function circlesOf(folder: string, folders: ReadonlySet<string>, uses: readonly Use[]): Circle[] {
  const arrows = new Map<string, Map<string, Use>>()
  for (const use of uses) {
    const [from, to] = [unitOf(use.from, folder), unitOf(use.to, folder)]
    if (from === undefined || to === undefined || from === to) continue
    const out = arrows.get(from) ?? new Map<string, Use>()
    arrows.set(from, out)
    if (!out.has(to)) out.set(to, use)
  }
  const isFolder = (unit: string): boolean => folders.has(folder === '' ? unit : `${folder}/${unit}`)
  const told = new Set<string>()
  const found: Circle[] = []
  for (const unit of [...arrows.keys()].filter(isFolder).toSorted()) {
    const steps = told.has(unit) ? undefined : wayBack(unit, arrows)
    if (steps === undefined) continue
    for (const step of steps) told.add(step.unit)
    found.push({ folder, steps })
  }
  return found
}

/** The shortest way from a unit back to itself. */
function wayBack(start: string, arrows: ReadonlyMap<string, ReadonlyMap<string, Use>>): Circle['steps'] | undefined {
  const before = new Map<string, { readonly unit: string; readonly use: Use }>()
  const queue = [start]
  for (const unit of queue)
    for (const [next, use] of arrows.get(unit) ?? []) {
      if (before.has(next)) continue
      before.set(next, { unit, use })
      if (next !== start) queue.push(next)
    }
  let step = before.get(start)
  const steps: { unit: string; use: Use }[] = []
  while (step !== undefined) {
    steps.unshift(step)
    step = step.unit === start ? undefined : before.get(step.unit)
  }
  return steps.length === 0 ? undefined : steps
}

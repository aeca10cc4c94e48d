import { createHash } from 'node:crypto'
import type { Area, Mutant } from './mutant.ts'

export interface Selection {
  /** One area alone. */
  readonly area?: string | undefined
  /** Mutants of these names, or with one of them in their name; empty for all. */
  readonly names: readonly string[]
  /** At most so many, chosen by `seed`. */
  readonly sample?: number | undefined
  readonly seed: string
}

/**
 * The areas with the mutants that are wanted, without those that have none.
 *
 * @throws When the area or a name is unknown.
 */
export function select(areas: readonly Area[], { area, names, sample, seed }: Selection): Area[] {
  if (area !== undefined && !areas.some(({ name }) => name === area))
    throw new Error(`there is no area ${JSON.stringify(area)}: ${areas.map(({ name }) => name).join(', ')}`)
  const inAreas = areas.filter(({ name }) => area === undefined || name === area)
  const all = inAreas.flatMap(({ mutants }) => mutants)
  const unknown = names.find((name) => !all.some((mutant) => mutant.name.includes(name)))
  if (unknown !== undefined) throw new Error(`there is no mutant ${JSON.stringify(unknown)}`)
  const named = all.filter((mutant) => names.length === 0 || names.some((name) => isMeant(all, mutant, name)))
  const wanted = new Set(sample === undefined ? named : drawn(named, sample, seed))
  return inAreas
    .map(({ name, folder, runner, mutants }) => {
      const left = mutants.filter((mutant) => wanted.has(mutant))
      return { name, folder, runner, mutants: left }
    })
    .filter(({ mutants }) => mutants.length > 0)
}

/** A whole name means that mutant alone; part of a name means all that hold it. */
function isMeant(all: readonly Mutant[], mutant: Mutant, name: string): boolean {
  return all.some((other) => other.name === name) ? mutant.name === name : mutant.name.includes(name)
}

/** A sample that depends on the seed alone: the same commit gives the same mutants. */
function drawn(mutants: readonly Mutant[], count: number, seed: string): Mutant[] {
  const rank = ({ name }: Mutant): string => createHash('sha256').update(`${seed}\0${name}`).digest('hex')
  return mutants
    .map((mutant) => ({ mutant, rank: rank(mutant) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => mutant)
}

import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import '../../tools/environment.ts'

export interface FuzzTarget {
  /** Folder of the package that is fuzzed. */
  readonly crate: string
  readonly name: string
  /** Of the crate that holds the target. */
  readonly manifest: string
  /** Inputs to begin with. */
  readonly corpus: string
}

interface Metadata {
  packages: { targets: { name: string; kind: string[] }[] }[]
}

/** Every program of every crate packages/<crate>/fuzz. */
export function targetsOf(root: string): FuzzTarget[] {
  const crates = readdirSync(join(root, 'packages')).toSorted()
  return crates.flatMap((crate) => {
    const manifest = join(root, 'packages', crate, 'fuzz/Cargo.toml')
    return existsSync(manifest) ? programsOf(manifest).map((name) => target(crate, name, manifest)) : []
  })
}

function target(crate: string, name: string, manifest: string): FuzzTarget {
  return { crate, name, manifest, corpus: join(dirname(manifest), 'corpus', name) }
}

function programsOf(manifest: string): string[] {
  const words = ['metadata', '--no-deps', '--format-version', '1', '--manifest-path', manifest]
  const { packages } = JSON.parse(execFileSync('cargo', words, { encoding: 'utf8' })) as Metadata
  const programs = packages.flatMap(({ targets }) => targets).filter(({ kind }) => kind.includes('bin'))
  return programs.map(({ name }) => name).toSorted()
}

/** What libFuzzer says at its end of what it did, in a few words. */
export function statistics(printed: string): string {
  const number = (name: string): string => new RegExp(`^stat::${name}:\\s+(\\d+)`, 'm').exec(printed)?.[1] ?? '?'
  const edges = [...printed.matchAll(/ cov: (\d+) /g)].at(-1)?.[1] ?? '?'
  return `${number('number_of_executed_units')} inputs, ${edges} edges, ${number('peak_rss_mb')} MB`
}

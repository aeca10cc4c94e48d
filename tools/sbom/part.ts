/** Something of others that ships in a product. */
export interface Part {
  readonly ecosystem: 'npm' | 'cargo'
  readonly name: string
  readonly version: string
  /** SPDX expression; npm and cargo also know `MIT/Apache-2.0`. */
  readonly license: string
}

/** What a product may ship: each binds its users to no more than a notice. */
const permissive: ReadonlySet<string> = new Set([
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 WITH LLVM-exception',
  'BSD-2-Clause',
  'BSD-3-Clause',
  // Boost's. The Business Source License, which is none of these, is BUSL-1.1.
  'BSL-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'Unicode-3.0',
  'Zlib',
])

/** Whether every part of a licence expression leaves a permissive choice. */
export function isPermissive(license: string): boolean {
  const flat = license.replaceAll('/', ' OR ').replaceAll(/[()]/g, '')
  return flat.split(' AND ').every((all) => all.split(' OR ').some((one) => permissive.has(one.trim())))
}

/** The address of a package by its ecosystem, name and version (purl). */
export function purlOf({ ecosystem, name, version }: Part): string {
  return `pkg:${ecosystem}/${name.replace('@', '%40')}@${version}`
}

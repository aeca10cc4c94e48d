/**
 * A copy of one TypeScript package in a tree of links, so that its tests find everything else where they expect it. A module behind a link
 * is loaded from its own place, and so is what it imports: what imports the package has to be copied as well.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** Not linked: cargo must find the workspace at its own place above, or it would build each crate again for the link. */
const HIDDEN: ReadonlySet<string> = new Set(['.git', 'Cargo.toml', 'Cargo.lock'])

/**
 * Makes the tree anew and returns the folder of the package in it.
 *
 * @param folder The package's folder, relative to `root`.
 * @param importers Folders beside it that are copied too, relative to `root`.
 * @param isBuilt Whether the copy gets built files of its own in place of those of the package.
 */
export function mirror(
  root: string,
  tree: string,
  folder: string,
  importers: readonly string[],
  isBuilt: boolean,
): string {
  rmSync(tree, { recursive: true, force: true })
  linkAll(root, tree, folder.split('/'))
  const copy = join(tree, folder)
  cpSync(join(root, folder), copy, {
    recursive: true,
    filter: (path) => !['node_modules', 'dist'].includes(basename(path)) && !path.endsWith('.tsbuildinfo'),
  })
  symlinkSync(join(root, folder, 'node_modules'), join(copy, 'node_modules'))
  if (!isBuilt && existsSync(join(root, folder, 'dist'))) symlinkSync(join(root, folder, 'dist'), join(copy, 'dist'))
  for (const importer of importers) {
    rmSync(join(tree, importer))
    cpSync(join(root, importer), join(tree, importer), { recursive: true })
  }
  const shared = join(dirname(tree), 'shared')
  if (existsSync(join(root, '../shared')) && !existsSync(shared)) symlinkSync(join(root, '../shared'), shared)
  return copy
}

/** Links what lies beside the way to the package. */
function linkAll(from: string, to: string, [next, ...rest]: readonly string[]): void {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from))
    if (entry !== next && !HIDDEN.has(entry)) symlinkSync(join(from, entry), join(to, entry))
  if (next !== undefined && rest.length > 0) linkAll(join(from, next), join(to, next), rest)
}

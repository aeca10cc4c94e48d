import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { assertOk } from '../run/assert-ok.ts'
import { runCommand } from '../run/command.ts'

/** What a registry would get of a package. */
export interface Tarball {
  /** The `.tgz` file. */
  readonly path: string
  /** The folder that it was unpacked to. */
  readonly folder: string
  /** Every file in it, by its path in the package. */
  readonly files: ReadonlyMap<string, Buffer>
  readonly manifest: Manifest
}

/** What is read of a `package.json`. */
export interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean }
  readonly dependencies?: Readonly<Record<string, string>>
  readonly bin?: Readonly<Record<string, string>>
  /** A path, or paths by condition. */
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>
}

/** Packs the package in `folder` and unpacks the tarball again. `scratch` is an empty folder. */
export async function pack(folder: string, scratch: string): Promise<Tarball> {
  const packed = await runCommand(['pnpm', 'pack', '--json', '--pack-destination', scratch], {
    cwd: folder,
    timeoutMs: 60_000,
  })
  assertOk('pnpm pack', packed)
  const { filename: path } = JSON.parse(packed.stdout) as { filename: string }
  assertOk('tar', await runCommand(['tar', '-xzf', path, '-C', scratch], { cwd: scratch, timeoutMs: 60_000 }))
  return readUnpacked(path, join(scratch, 'package'))
}

async function readUnpacked(path: string, folder: string): Promise<Tarball> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  const files = new Map(
    await Promise.all(paths.map(async (file) => [relative(folder, file), await readFile(file)] as const)),
  )
  const manifest = JSON.parse(String(files.get('package.json'))) as Manifest
  return { path, folder, files, manifest }
}

/** In hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** For the attribute `integrity` of a script (W3C Subresource Integrity). */
export function integrity(bytes: Uint8Array): string {
  return `sha384-${createHash('sha384').update(bytes).digest('base64')}`
}

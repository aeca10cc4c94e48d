import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256, sha256File } from './cache.ts'
import { readNewc } from './newc.ts'
import { contentOf, sectionFiles } from './sections.ts'
import type { Owners } from './uki.ts'
import { runTool } from './unpacked.ts'

export type Part = 'image' | 'initrd' | 'model disk'

/** Something that the machine gets: a section of the unified kernel image, a file of its initrd, a file on the disk of the model. */
export interface Content {
  readonly part: Part
  /** Name of the section, or path. */
  readonly path: string
  /** In bytes. */
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
  /** Octal permissions; of files alone. */
  readonly mode?: string
  /** Name of the package that brings it: of Debian, of npm, a crate of this repository, or the model. */
  readonly package: string
}

/** What is neither of Debian nor a crate: the build of the image writes it. */
export const ownPackage = '@blindllama/image'
export const stubPackage = 'systemd-boot-efi'
export const serverPackage = 'node-llama-cpp'

/** Packages of what is on the disk of the model. */
const onModelDisk = (model: string): Readonly<Record<string, string>> => ({
  'model.gguf': model,
  'llama-server': serverPackage,
  'llama-server-avx2': serverPackage,
  arguments: ownPackage,
})

export interface ContentsInput {
  readonly uki: string
  readonly modelDisk: string
  readonly owners: Owners
  /** The model's name. */
  readonly model: string
}

/**
 * Takes image and disk apart, and lists all that is in them: from the bytes that a machine starts from, not from what the build meant to
 * put there.
 *
 * @throws {Error} where something belongs to no package, or where a part cannot be read
 */
export async function contents(tools: string, { uki, modelDisk, owners, model }: ContentsInput): Promise<Content[]> {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-contents-'))
  try {
    return [
      ...(await ofImage(tools, uki, owners, join(folder, 'image'))),
      ...(await ofModelDisk(tools, modelDisk, onModelDisk(model), join(folder, 'model'))),
    ]
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function ofImage(tools: string, uki: string, { kernel, files }: Owners, folder: string): Promise<Content[]> {
  const sections = await sectionFiles(tools, uki, folder)
  const packages: Readonly<Record<string, string>> = {
    '.linux': kernel,
    '.osrel': owned(files, 'usr/lib/os-release'),
    '.initrd': ownPackage,
    '.cmdline': ownPackage,
    '.uname': ownPackage,
  }
  const found = await Promise.all(
    sections.map(async ({ name, path }): Promise<Content> => {
      const { size } = await stat(path)
      return { part: 'image', path: name, size, sha256: await sha256File(path), package: packages[name] ?? stubPackage }
    }),
  )
  const packed = join(folder, 'packed.zst')
  const archive = join(folder, 'archive')
  await writeFile(packed, await contentOf(sections, '.initrd'))
  const words = ['--decompress', '--quiet', '--force', packed, '-o', archive]
  await runTool(tools, 'bin/zstd', words, 'The initrd could not be unpacked', { cwd: folder })
  const inside = readNewc(await readFile(archive))
    .filter(({ mode }) => (mode & 0o170_000) === 0o100_000)
    .map(({ path, mode, content }): Content => {
      const octal = (mode & 0o7777).toString(8)
      const owner = owned(files, path)
      return { part: 'initrd', path, size: content.length, sha256: sha256(content), mode: octal, package: owner }
    })
  return [...found, ...inside]
}

async function ofModelDisk(
  tools: string,
  disk: string,
  packages: Readonly<Record<string, string>>,
  folder: string,
): Promise<Content[]> {
  const words = [`--extract=${folder}`, '--preserve-perms', disk]
  await runTool(tools, 'bin/fsck.erofs', words, 'The disk of the model could not be read', { cwd: '/' })
  const names = (await readdir(folder)).toSorted()
  return Promise.all(
    names.map(async (path): Promise<Content> => {
      const { size, mode } = await stat(join(folder, path))
      const digest = await sha256File(join(folder, path))
      const octal = (mode & 0o7777).toString(8)
      return { part: 'model disk', path, size, sha256: digest, mode: octal, package: owned(packages, path) }
    }),
  )
}

function owned(packages: Readonly<Record<string, string>>, path: string): string {
  const found = packages[path]
  if (found === undefined)
    throw new Error(`${path} belongs to no package. Remove it, or name its package in packages/image.`)
  return found
}

import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprint } from '../../../tools/build/fingerprint.ts'
import { exists } from './cache.ts'
import { bootDisk } from './esp.ts'
import { llamaServer } from './llama-server.ts'
import { modelDisk, type ModelFiles } from './model-disk.ts'
import { programs } from './programs.ts'
import type { Progress } from './run.ts'
import { uki } from './uki.ts'
import { unpacked } from './unpacked.ts'

/** What one build makes. */
export interface Image {
  /** The unified kernel image. */
  readonly uki: string
  /** FAT disk that firmware boots it from. */
  readonly bootDisk: string
  readonly modelDisk: string
  /** Each file of the initrd with its size, SHA-256 and package, JSON. */
  readonly files: string
}

/** The model and its name towards clients. */
type Language = Pick<ModelFiles, 'model' | 'name'>

export const root: string = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')

/** Where `pnpm image` leaves the image of this checkout. */
export const imageFolder: string = join(process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'), 'image')

/**
 * Builds image and disks of a checkout.
 *
 * @param folder where they go, with everything that cargo makes for them
 * @param language the model and its name towards clients
 * @throws {Error} with the step that failed, and what to do
 */
export async function buildImage(
  source: string,
  folder: string,
  language: Language,
  onProgress: Progress,
): Promise<Image> {
  if (process.getuid?.() !== 0)
    throw new Error('The image is built as root: mkosi sets owners of files. Run: sudo -E pnpm image')
  await mkdir(folder, { recursive: true })
  const tools = await unpacked('tools', onProgress)
  const server = await llamaServer(onProgress)
  const built = await programs(source, folder, onProgress)
  const model = await modelDisk(tools, { ...language, server }, folder, onProgress)
  const image = await uki(tools, built, model.parameter, folder, onProgress)
  const disk = join(folder, 'boot.img')
  await bootDisk(tools, disk, image)
  return { uki: image, bootDisk: disk, modelDisk: model.path, files: join(folder, 'files.json') }
}

/** What decides the bytes of the image, relative to the root. */
const sources: readonly string[] = [
  'Cargo.toml',
  'Cargo.lock',
  'packages/gateway',
  'packages/verifier-wasm',
  'packages/image/build',
  'packages/image/init',
  'packages/image/mkosi',
  'packages/image/packages.lock',
  'services/model-server/package.json',
]

const stamp = join(imageFolder, 'sources.sha256')

/** Digest of everything that decides the bytes of the image. */
async function sourcesNow({ model }: Language): Promise<string> {
  return fingerprint(root, sources, String((await stat(model)).size))
}

/** Builds the image of this checkout anew. */
export async function rebuildImage(language: Language, onProgress: Progress): Promise<Image> {
  await rm(stamp, { force: true })
  const before = await sourcesNow(language)
  const image = await buildImage(root, imageFolder, language, onProgress)
  await writeFile(stamp, before)
  return image
}

/** The image of this checkout: that of the last build, unless a source of it has changed since. */
export async function currentImage(language: Language, onProgress: Progress): Promise<Image> {
  const made: Image = {
    uki: join(imageFolder, 'blindllama.efi'),
    bootDisk: join(imageFolder, 'boot.img'),
    modelDisk: join(imageFolder, 'model.img'),
    files: join(imageFolder, 'files.json'),
  }
  const complete = await Promise.all(Object.values(made).map(exists))
  const before = await readFile(stamp, 'utf8').catch(() => '')
  if (complete.every(Boolean) && before === (await sourcesNow(language))) return made
  return rebuildImage(language, onProgress)
}

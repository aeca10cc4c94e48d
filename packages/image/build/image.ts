import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprint } from '../../../tools/build/fingerprint.ts'
import { exists, sha256File } from './cache.ts'
import { contents } from './contents.ts'
import { bootDisk } from './esp.ts'
import { llamaServers } from './llama-server.ts'
import { lockedPackages } from './lock.ts'
import { modelDisk, type ModelFiles } from './model-disk.ts'
import { programs } from './programs.ts'
import type { Progress } from './run.ts'
import { sbom } from './sbom.ts'
import { uki } from './uki.ts'
import { unpacked } from './unpacked.ts'

/** What one build makes. */
export interface Image {
  /** The unified kernel image. */
  readonly uki: string
  /** FAT disk that firmware boots it from. */
  readonly bootDisk: string
  readonly modelDisk: string
  /** All that is in image and disk, with size, SHA-256 and package, JSON: {@link Content}. */
  readonly files: string
  /** Bill of materials, CycloneDX JSON. */
  readonly sbom: string
  /** Which package each file of the initrd belongs to, JSON: {@link Owners}. */
  readonly owners: string
}

/** The model and its name towards clients. */
export type Language = Pick<ModelFiles, 'model' | 'name'>

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
  const servers = await llamaServers(onProgress)
  const built = await programs(source, folder, onProgress)
  const model = await modelDisk(tools, { ...language, servers }, folder, onProgress)
  const made = imageIn(folder)
  const { path, owners } = await uki(source, tools, built, model.parameter, folder, onProgress)
  await bootDisk(tools, made.bootDisk, path)
  onProgress('listing what is in the image')
  const all = await contents(tools, { uki: path, modelDisk: model.path, owners, model: language.name })
  await writeFile(made.owners, asJson(owners))
  await writeFile(made.files, asJson(all))
  const packages = await lockedPackages('image')
  const image = await sha256File(path)
  await writeFile(made.sbom, await sbom({ source, contents: all, packages, model: language.name, image }))
  return made
}

const asJson = (value: unknown): string => `${JSON.stringify(value, undefined, 1)}\n`

/** Where a build in `folder` puts things. */
export function imageIn(folder: string): Image {
  return {
    uki: join(folder, 'blindllama.efi'),
    bootDisk: join(folder, 'boot.img'),
    modelDisk: join(folder, 'model.img'),
    files: join(folder, 'files.json'),
    sbom: join(folder, 'sbom.cdx.json'),
    owners: join(folder, 'owners.json'),
  }
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
  'packages/image/package.json',
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
  const made = imageIn(imageFolder)
  const complete = await Promise.all(Object.values(made).map(exists))
  const before = await readFile(stamp, 'utf8').catch(() => '')
  if (complete.every(Boolean) && before === (await sourcesNow(language))) return made
  return rebuildImage(language, onProgress)
}

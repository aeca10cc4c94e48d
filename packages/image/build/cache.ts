import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { toolsFolder } from '../../../tools/environment.ts'

/** Folder below the cache of the workspace that holds what image builds share: packages, the tools folder, the model server. */
export const imageCache: string = join(toolsFolder, 'image')

/** Makes a folder of the image's cache and returns its path. */
export async function cacheFolder(...parts: readonly string[]): Promise<string> {
  return made(imageCache, ...parts)
}

/** The same for what is built here and not fetched by its digest: `IMAGE_BUILDS` names a cache of its own, so that it is built once more. */
export async function builtFolder(...parts: readonly string[]): Promise<string> {
  return made(process.env['IMAGE_BUILDS'] ?? imageCache, ...parts)
}

async function made(...parts: readonly string[]): Promise<string> {
  const folder = join(...parts)
  await mkdir(folder, { recursive: true })
  return folder
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** SHA-256 of a text or of bytes, hexadecimal. */
export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

/** SHA-256 of a file, hexadecimal, read in pieces. */
export async function sha256File(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path)) hash.update(piece as Buffer)
  return hash.digest('hex')
}

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { imageFolder } from '../../packages/image/build/image.ts'
import { run } from '../../packages/image/build/run.ts'
import { assemble, diskWith, partsOf, withFile } from './images.ts'

const source: string = fileURLToPath(new URL('taken-over.rs', import.meta.url))

/** The gateway of the image as `pnpm image` built it. */
const genuine: string = join(imageFolder, 'gateway/gateway/blindllama-gateway')

/**
 * A boot disk whose image has another program in place of the gateway: `taken-over.rs`, confined as the gateway is.
 *
 * @param more further files of the image
 */
export async function takenOver(
  uki: string,
  folder: string,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const program = join(folder, 'taken-over')
  const words = ['rustc', '--edition', '2024', '-O', '-Ctarget-feature=+crt-static', '-o', program, source]
  await run('taken-over.rs could not be built', words, { cwd: folder })
  const files: Readonly<Record<string, Buffer | string>> = {
    'usr/bin/genuine-gateway': await readFile(genuine),
    'usr/bin/blindllama-gateway': await readFile(program),
    ...more,
  }
  let parts = await partsOf(uki, folder)
  for (const [path, content] of Object.entries(files)) parts = await withFile(parts, path, content, folder)
  return diskWith(await assemble(parts, folder), folder)
}

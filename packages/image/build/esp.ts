import { rm, stat, writeFile } from 'node:fs/promises'
import { runTool } from './unpacked.ts'

const mebibyte = 1 << 20
const sector = 512

/**
 * Makes a FAT disk that firmware boots `image` from. Without an image the disk has the folder alone, and no firmware boots it.
 *
 * @param more files beside the image, path on the disk to file
 */
export async function bootDisk(
  tools: string,
  path: string,
  image: string | undefined,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const sizes = await Promise.all(
    [...(image === undefined ? [] : [image]), ...Object.values(more)].map(async (file) => stat(file)),
  )
  const bytes = sizes.reduce((sum, { size }) => sum + size, 0)
  const sectors = (Math.ceil(bytes / mebibyte) + 4) * (mebibyte / sector)
  await rm(path, { force: true })
  await writeFile(path, Buffer.alloc(0))
  const mtools = async (program: string, ...args: readonly string[]): Promise<void> => {
    await runTool(tools, `bin/${program}`, ['-i', path, ...args], 'The boot disk could not be made', {
      cwd: '/',
      // FAT keeps local times: without a zone the bytes would depend on that of the machine.
      env: { MTOOLS_SKIP_CHECK: '1', SOURCE_DATE_EPOCH: '1767225600', TZ: 'UTC' },
    })
  }
  await mtools('mformat', '-C', '-T', String(sectors), '-h', '16', '-s', '63', '-N', 'b11d11a3', '::')
  const folders = new Set(['/EFI', '/EFI/BOOT'])
  for (const target of Object.keys(more)) {
    const parts = target.split('/').slice(1, -1)
    parts.forEach((_, index) => folders.add(`/${parts.slice(0, index + 1).join('/')}`))
  }
  for (const folder of folders) await mtools('mmd', `::${folder}`)
  if (image !== undefined) await mtools('mcopy', image, '::/EFI/BOOT/BOOTX64.EFI')
  for (const [target, file] of Object.entries(more)) await mtools('mcopy', file, `::${target}`)
}

import { access, constants, statfs } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { toolsFolder } from '../../tools/environment.ts'

/** Programs of the system that build and boot the image. */
const programs: readonly string[] = ['qemu-system-x86_64', 'swtpm', 'cmake', 'ninja', 'c++', 'git', 'cargo', 'dpkg-deb']

/** What a first build writes: tools, packages, the source of llama-server, disks. In bytes. */
const spaceNeeded = 3_000_000_000

/**
 * Says what is missing before anything is begun.
 *
 * @throws {Error} that names each missing program, or the folder without space
 */
export async function requireForImage(path: string = process.env['PATH'] ?? ''): Promise<void> {
  const missing: string[] = []
  for (const program of programs) if (!(await isThere(program, path))) missing.push(program)
  if (missing.length > 0) throw new Error(`Missing: ${missing.join(', ')}. Run: npm run setup:vm`)
  const { bavail, bsize } = await statfs(toolsFolder)
  if (bavail * bsize < spaceNeeded)
    throw new Error(
      `${toolsFolder} has ${Math.floor((bavail * bsize) / 1e6)} MB free, ${spaceNeeded / 1e6} MB are needed: free some space and start again.`,
    )
}

async function isThere(program: string, path: string): Promise<boolean> {
  for (const folder of path.split(delimiter)) {
    const found = await access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return true
  }
  return false
}

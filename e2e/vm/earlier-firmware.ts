import { mkdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolder, exists } from '../../packages/image/build/cache.ts'
import { readLock } from '../../packages/image/build/lock.ts'
import { cachedPackage, fetchPackages } from '../../packages/image/build/packages.ts'
import { run } from '../../packages/image/build/run.ts'
import type { Firmware } from '../../services/machine/firmware.ts'

const lock: string = fileURLToPath(new URL('earlier-firmware.lock', import.meta.url))

/** OVMF 2022.11 of Debian 12. It leaves ACPI tables unmeasured, so no release names it: it serves the test of the prediction alone. */
export async function earlierFirmware(): Promise<Firmware> {
  const [entry] = readLock(await readFile(lock, 'utf8'))
  if (entry === undefined) throw new Error(`${lock} names no package.`)
  const folder = join(await cacheFolder('firmware'), `earlier-${entry.sha256.slice(0, 16)}`)
  if (!(await exists(folder))) {
    await fetchPackages([entry], console.log)
    const work = `${folder}.new`
    await rm(work, { recursive: true, force: true })
    await mkdir(work)
    await run('The firmware could not be unpacked', ['dpkg-deb', '--extract', await cachedPackage(entry), work], {
      cwd: '/',
    })
    await rename(work, folder)
  }
  const at = join(folder, 'usr/share/OVMF')
  return { code: join(at, 'OVMF_CODE_4M.fd'), variables: join(at, 'OVMF_VARS_4M.fd') }
}

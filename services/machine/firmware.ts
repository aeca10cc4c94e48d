import { join } from 'node:path'
import { unpacked } from '../../packages/image/build/unpacked.ts'
import type { Progress } from '../../packages/image/build/run.ts'

/** UEFI firmware for a machine. */
export interface Firmware {
  /** Its code, which is only read. */
  readonly code: string
  /** Its variables at delivery; each machine gets a copy. */
  readonly variables: string
  /** Whether it was built for Secure Boot, and needs system management mode. */
  readonly secureBoot?: boolean
}

/**
 * OVMF of the package that the image's lock names, without Secure Boot.
 *
 * @throws {Error} where the package is neither in the cache nor at the mirror
 */
export async function firmware(onProgress: Progress): Promise<Firmware> {
  const folder = join(await unpacked('firmware', onProgress), 'usr/share/OVMF')
  return { code: join(folder, 'OVMF_CODE_4M.fd'), variables: join(folder, 'OVMF_VARS_4M.fd') }
}

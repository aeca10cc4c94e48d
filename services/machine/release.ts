import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { currentImage, type Image } from '../../packages/image/build/image.ts'
import { artifacts, modelId } from '../staging/artifacts.ts'
import { kvmWorks, probeFirmware } from './acceleration.ts'
import { firmware, type Firmware } from './firmware.ts'
import { imageValues, type Values } from './golden.ts'
import { defaultShape, type Shape } from './qemu.ts'
import { knownPlatforms, type Platform } from './platforms.ts'
import { requireForImage } from './requirements.ts'

/** An image with the values that a start of it must lead to: computed before it ever started. */
export interface MeasuredRelease {
  readonly image: Image
  readonly firmware: Firmware
  readonly shape: Shape
  readonly accelerator: 'kvm' | 'tcg'
  /** PCR 0 to 3, 6, 7 of this machine. */
  readonly platform: Values
  /** The same of every shape that is known here, this one first. */
  readonly platforms: readonly Platform[]
  /** PCR 4, 5, 9, 11. */
  readonly values: Values
}

export interface ReleaseOptions {
  readonly shape?: Shape
  /** Default: KVM where a probe shows that it works. */
  readonly accelerator?: 'kvm' | 'tcg'
  readonly onProgress?: (message: string) => void
  readonly signal: AbortSignal
}

/**
 * Builds the image where it has changed, boots the firmware without it, and computes the golden values.
 *
 * @throws {Error} with the step that failed, and what to do
 */
export async function measuredRelease(options: ReleaseOptions): Promise<MeasuredRelease> {
  const { onProgress = (): void => {}, shape = defaultShape, signal } = options
  await requireForImage()
  const image = await currentImage({ model: artifacts.model, name: modelId }, onProgress)
  const bios = await firmware(onProgress)
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-probe-'))
  try {
    const probe = join(folder, 'probe.bin')
    await writeFile(probe, probeFirmware())
    const found = (await kvmWorks(probe)) ? 'kvm' : 'tcg'
    if (options.accelerator === 'kvm' && found !== 'kvm')
      throw new Error(
        'KVM runs no program on this machine. Leave out --kvm: the machine is then emulated, which is slower.',
      )
    const accelerator = options.accelerator ?? found
    const platforms = await knownPlatforms({ firmware: bios, shape, accelerator, onProgress, signal })
    const values = await imageValues(image.uki)
    onProgress('golden values computed before the first start of the image')
    return { image, firmware: bios, shape, accelerator, platform: platforms[0].pcrs, platforms, values }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

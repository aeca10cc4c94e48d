import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256File } from '../../packages/image/build/cache.ts'
import { artifacts, chatWorkers, modelId, requireArtifacts } from '../staging/artifacts.ts'
import { PageServer } from '../staging/page-server.ts'
import { guestConfigDigest, machinePolicy } from './golden.ts'
import { guestConfiguration } from './guest-configuration.ts'
import { startMachine, untilReady, type Machine } from './machine.ts'
import type { Shape } from './qemu.ts'
import { measuredRelease } from './release.ts'

export interface ServiceOptions {
  /** Port of the page, 0 (default) for a free one. */
  readonly port?: number
  /** Origins besides the page's own that may call the gateway. */
  readonly origins?: readonly string[]
  readonly shape?: Shape
  /** Default: KVM where a probe shows that it works. */
  readonly accelerator?: 'kvm' | 'tcg'
  readonly page?: string
  readonly onProgress?: (message: string) => void
  readonly signal?: AbortSignal
}

/** A page, and the measured machine behind it. */
export interface MachineService {
  readonly pageUrl: string
  readonly url: string
  readonly policy: string
  readonly machine: Machine
  readonly accelerator: 'kvm' | 'tcg'
  readonly model: string
  readonly folder: string
  /** Resolves with a sentence when the machine ends by itself. */
  readonly failed: Promise<string>
  stop(): Promise<void>
}

/** How long a start may take: an emulated machine on busy processors. */
export const readyMs = 180_000

/**
 * Starts the measured image in a virtual machine with a software TPM, and a page that pins what it must measure.
 *
 * The golden values come from the image's file and from a boot of the firmware without it. Only the name of the attestation key is taken
 * from the machine: nothing certifies a software TPM.
 *
 * @throws {Error} with the step that failed, and what to do
 */
export async function startMachineService(options: ServiceOptions = {}): Promise<MachineService> {
  const { onProgress = (): void => {} } = options
  const abort = new AbortController()
  const signal = options.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, options.signal])
  const undo: (() => Promise<void>)[] = []
  let stopped: Promise<void> | undefined
  const undoAll = async (): Promise<void> => {
    for (const step of undo.toReversed()) await step()
    abort.abort()
  }
  const stop = async (): Promise<void> => (stopped ??= undoAll())
  try {
    await requireArtifacts(['gateway', 'model', ...(options.page === undefined ? (['page'] as const) : [])])
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-vm-'))
    undo.push(() => rm(folder, { recursive: true, force: true }))
    const page = await PageServer.start(options.page ?? artifacts.page, options.port ?? 0)
    undo.push(() => page.stop())
    const { shape, accelerator } = options
    const release = await measuredRelease({
      onProgress,
      signal,
      ...(shape === undefined ? {} : { shape }),
      ...(accelerator === undefined ? {} : { accelerator }),
    })
    const configuration = guestConfiguration([page.origin, ...(options.origins ?? [])])
    const configDigest = await guestConfigDigest(artifacts.gateway, configuration)
    const own = join(folder, 'machine')
    await mkdir(own)
    const { image } = release
    const disks = { bootDisk: image.bootDisk, modelDisk: image.modelDisk }
    const machine = await startMachine({ ...release, ...disks, folder: own, configuration, signal })
    undo.push(() => machine.stop())
    onProgress(`booting the image (${release.accelerator === 'kvm' ? 'KVM' : 'emulated, without KVM'})`)
    const { akName } = await untilReady(machine, readyMs)
    onProgress('gateway ready, model loaded')
    const policy = machinePolicy({ akName, platform: release.platform, image: release.values, configDigest })
    const measured = [{ name: 'unified kernel image', sha256: await sha256File(image.uki), pcr: 4 }]
    page.publish(machine.url, { url: machine.url, policy, measured, upstream: 'in-image', model: modelId }, chatWorkers)
    return {
      pageUrl: `${page.origin}/`,
      url: machine.url,
      policy,
      machine,
      accelerator: release.accelerator,
      model: modelId,
      folder,
      failed: machine.qemu.exited.then(() => `${machine.qemu.name} has ended.${machine.qemu.describe()}`),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

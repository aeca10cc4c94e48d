import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256File } from '../../packages/image/build/cache.ts'
import { artifacts, chatWorkers, modelId, requireArtifacts } from '../staging/artifacts.ts'
import { PageServer } from '../staging/page-server.ts'
import { logOrigin, Publisher, statusMaxAgeMs } from '../staging/publisher.ts'
import { releaseSettings } from './documents.ts'
import { guestConfigDigest, signedMachinePolicy } from './golden.ts'
import { guestConfiguration } from './guest-configuration.ts'
import { startMachine, untilReady, type Machine } from './machine.ts'
import { publishImage } from './publish.ts'
import type { Shape } from './qemu.ts'
import { measuredRelease } from './release.ts'
import { startAgain } from './start-again.ts'

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
  /** File with the policy. */
  readonly policyFile: string
  /** Who signs releases, the log, and the documents that they have published. */
  readonly publisher: Publisher
  /** Name of the signed release. */
  readonly release: string
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
 * Starts the measured image in a virtual machine with a software TPM, and a page that pins who signs its releases.
 *
 * The golden values come from the image's file and from a boot of the firmware without it. A developer and an auditor with keys of this
 * run sign them before the machine starts, and the release is in a log that witnesses cosign. Only the name of the attestation key is
 * taken from the machine: nothing certifies a software TPM.
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
    const publisher = await Publisher.start(join(folder, 'publisher'), signal)
    undo.push(() => publisher.stop())
    const release = await measuredRelease({
      onProgress,
      signal,
      ...(shape === undefined ? {} : { shape }),
      ...(accelerator === undefined ? {} : { accelerator }),
    })
    const name = await publishImage(publisher, release)
    const documents = join(folder, 'documents.img')
    await publishStatus(publisher, documents)
    onProgress(`release signed by developer and auditor, and in the log ${logOrigin}`)
    const configuration = guestConfiguration([page.origin, ...(options.origins ?? [])], releaseSettings)
    const configDigest = await guestConfigDigest(artifacts.gateway, configuration)
    const own = join(folder, 'machine')
    await mkdir(own)
    const { image } = release
    const disks = { bootDisk: image.bootDisk, modelDisk: image.modelDisk }
    onProgress(`booting the image (${release.accelerator === 'kvm' ? 'KVM' : 'emulated, without KVM'})`)
    const { machine, akName } = await startAgain(async () => {
      const booting = await startMachine({ ...release, ...disks, folder: own, configuration, documents, signal })
      try {
        return { machine: booting, ...(await untilReady(booting, readyMs)) }
      } catch (error) {
        await booting.stop()
        // A start that was called off did not end by itself.
        signal.throwIfAborted()
        throw error
      }
    }, onProgress)
    undo.push(() => machine.stop())
    onProgress('gateway ready, model loaded')
    const policy = signedMachinePolicy(akName, configDigest, publisher.trust())
    const policyFile = join(folder, 'policy.json')
    await writeFile(policyFile, policy)
    const renewal = setInterval(() => {
      publishStatus(publisher, documents).catch((error: unknown) => onProgress(`no new status: ${String(error)}`))
    }, statusMaxAgeMs / 7)
    undo.push(async () => clearInterval(renewal))
    const measured = [{ name: 'unified kernel image', sha256: await sha256File(image.uki), pcr: 4 }]
    page.publish(machine.url, { url: machine.url, policy, measured, upstream: 'in-image', model: modelId }, chatWorkers)
    return {
      pageUrl: `${page.origin}/`,
      url: machine.url,
      policy,
      policyFile,
      publisher,
      release: name,
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

/** Signs a status as of now, and hands it to the machine with the release. */
async function publishStatus(publisher: Publisher, documents: string): Promise<void> {
  await publisher.status()
  await publisher.writeDisk(documents)
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guestConfigDigest, machinePolicy } from '../../services/machine/golden.ts'
import { guestConfiguration } from '../../services/machine/guest-configuration.ts'
import { startMachine, untilReady, type Machine } from '../../services/machine/machine.ts'
import { measuredRelease, type MeasuredRelease } from '../../services/machine/release.ts'
import type { Shape } from '../../services/machine/qemu.ts'
import { readyMs } from '../../services/machine/service.ts'
import { artifacts } from '../../services/staging/artifacts.ts'

/** What a host does differently. */
export interface Tampering {
  readonly bootDisk?: string
  readonly modelDisk?: string
  readonly configuration?: string
  readonly shape?: Shape
  readonly capture?: string
  /** Words for QEMU. */
  readonly extra?: readonly string[]
}

/** A machine of the release, or one that a host has changed, with the policy of the release for its attestation key. */
export interface Booted {
  readonly machine: Machine
  readonly url: string
  /** JSON. It pins the values of the release, whatever this machine measured. */
  readonly policy: string
  stop(): Promise<void>
}

/** Machines of one release, for one page. */
export class Machines {
  readonly release: MeasuredRelease
  readonly #configuration: string
  readonly #configDigest: string

  private constructor(release: MeasuredRelease, configuration: string, configDigest: string) {
    this.release = release
    this.#configuration = configuration
    this.#configDigest = configDigest
  }

  static async of(origin: string): Promise<Machines> {
    const release = await measuredRelease({ signal: new AbortController().signal, onProgress: console.log })
    const configuration = guestConfiguration([origin])
    return new Machines(release, configuration, await guestConfigDigest(artifacts.gateway, configuration))
  }

  /** Starts a machine without waiting for it. */
  async start(tampering: Tampering = {}): Promise<{ machine: Machine; stop: () => Promise<void> }> {
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-e2e-vm-'))
    const { image } = this.release
    const disks = { bootDisk: image.bootDisk, modelDisk: image.modelDisk, configuration: this.#configuration }
    const signal = new AbortController().signal
    const machine = await startMachine({ ...this.release, ...disks, ...tampering, folder, signal })
    const stop = async (): Promise<void> => {
      await machine.stop()
      await rm(folder, { recursive: true, force: true })
    }
    return { machine, stop }
  }

  /** Starts a machine whose gateway answers. @throws {Error} where it ends before, with what it printed last */
  async boot(tampering: Tampering = {}): Promise<Booted> {
    const { machine, stop } = await this.start(tampering)
    try {
      const { akName } = await untilReady(machine, readyMs)
      const { platform, values: image } = this.release
      const policy = machinePolicy({ akName, platform, image, configDigest: this.#configDigest })
      return { machine, url: machine.url, policy, stop }
    } catch (error) {
      await stop()
      throw error
    }
  }
}

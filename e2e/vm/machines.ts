import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Firmware } from '../../services/machine/firmware.ts'
import { guestConfigDigest, machinePolicy, type Values } from '../../services/machine/golden.ts'
import { guestConfiguration } from '../../services/machine/guest-configuration.ts'
import { startMachine, untilReady, type Machine, type MachineOptions } from '../../services/machine/machine.ts'
import { measuredRelease, type MeasuredRelease } from '../../services/machine/release.ts'
import type { Shape } from '../../services/machine/qemu.ts'
import { readyMs } from '../../services/machine/service.ts'
import { artifacts } from '../../services/staging/artifacts.ts'

/** What a host does differently. */
export interface Tampering {
  readonly bootDisk?: string
  readonly modelDisk?: string
  readonly configuration?: string
  /** Disk of documents. */
  readonly documents?: string
  readonly shape?: Shape
  readonly firmware?: Firmware
  readonly capture?: string
  readonly wire?: string
  readonly network?: string
  readonly beside?: string
  readonly outward?: boolean
  readonly control?: string
  /** Port of the gateway on 127.0.0.1; default: a free one. */
  readonly port?: number
  readonly startTpm?: MachineOptions['startTpm']
  /** A folder of the caller, so that the same TPM can be started again; default: one that ends with the machine. */
  readonly folder?: string
  /** Words for QEMU. */
  readonly extra?: readonly string[]
}

/** A machine of the release, or one that a host has changed, with the policy of the release for its attestation key. */
export interface Booted {
  readonly machine: Machine
  readonly url: string
  /** JSON. It pins the values of the release, whatever this machine measured. */
  readonly policy: string
  /** Name of the attestation key, hexadecimal. */
  readonly akName: string
  stop(): Promise<void>
}

/** Machines of one release, for one page. */
export class Machines {
  readonly release: MeasuredRelease
  readonly #configuration: string
  /** Hexadecimal. */
  readonly configDigest: string

  private constructor(release: MeasuredRelease, configuration: string, configDigest: string) {
    this.release = release
    this.#configuration = configuration
    this.configDigest = configDigest
  }

  static async of(origin: string, onProgress: (message: string) => void = console.log): Promise<Machines> {
    const release = await measuredRelease({ signal: new AbortController().signal, onProgress })
    const configuration = guestConfiguration([origin])
    return new Machines(release, configuration, await guestConfigDigest(artifacts.gateway, configuration))
  }

  /** Starts a machine without waiting for it. */
  async start(tampering: Tampering = {}): Promise<{ machine: Machine; stop: () => Promise<void> }> {
    const folder = tampering.folder ?? (await mkdtemp(join(tmpdir(), 'blindllama-e2e-vm-')))
    const { image } = this.release
    const disks = { bootDisk: image.bootDisk, modelDisk: image.modelDisk, configuration: this.#configuration }
    const signal = new AbortController().signal
    const machine = await startMachine({ ...this.release, ...disks, ...tampering, folder, signal })
    const stop = async (): Promise<void> => {
      await machine.stop()
      if (tampering.folder === undefined) await rm(folder, { recursive: true, force: true })
    }
    return { machine, stop }
  }

  /** The policy of the release for an attestation key; `platform`: for another firmware or machine. */
  policyFor(akName: string, platform: Values = this.release.platform): string {
    return machinePolicy({ akName, platform, image: this.release.values, configDigest: this.configDigest })
  }

  /** Starts a machine whose gateway answers. @throws {Error} where it ends before, with what it printed last */
  async boot(tampering: Tampering = {}): Promise<Booted> {
    const { machine, stop } = await this.start(tampering)
    try {
      const { akName } = await untilReady(machine, readyMs)
      return { machine, url: machine.url, policy: this.policyFor(akName), akName, stop }
    } catch (error) {
      await stop()
      throw error
    }
  }
}

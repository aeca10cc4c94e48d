import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Child } from '../staging/child.ts'
import { parseEvent } from '../staging/log-line.ts'
import { freePorts } from '../staging/ports.ts'
import { writeConfigurationDisk } from './configuration.ts'
import { writeEmptyDisk } from './documents.ts'
import type { Firmware } from './firmware.ts'
import { defaultShape, type Shape } from './qemu.ts'
import { startQemu, type QemuOptions } from './start-qemu.ts'
import type { MachineTpm } from './vm-tpm.ts'

export interface MachineOptions {
  /** Private folder of the machine: variables, TPM, logs. */
  readonly folder: string
  readonly firmware: Firmware
  readonly bootDisk: string
  readonly modelDisk: string
  /** TOML text of the gateway. */
  readonly configuration: string
  /** Disk of documents; default: one without any. */
  readonly documents?: string
  readonly shape?: Shape
  readonly accelerator?: 'kvm' | 'tcg'
  /** Port of the gateway on 127.0.0.1, 0 (default) for a free one. */
  readonly port?: number
  readonly capture?: string
  /** As {@link MachineInput} has it; the gateway then answers at no port of this host. */
  readonly wire?: string
  /** The three as {@link MachineInput} has them. */
  readonly network?: string
  readonly beside?: string
  readonly outward?: boolean
  readonly control?: string
  /** Further words for QEMU. */
  readonly extra?: readonly string[]
  readonly startTpm?: QemuOptions['startTpm']
  readonly signal: AbortSignal
}

export interface Machine {
  readonly qemu: Child
  readonly tpm: MachineTpm
  /** Base URL of the gateway inside. */
  readonly url: string
  readonly folder: string
  /** What the guest printed on its serial console. */
  console(): Promise<string>
  stop(): Promise<void>
}

export interface Ready {
  /** Name of the attestation key, hexadecimal. */
  readonly akName: string
  /** Hexadecimal. */
  readonly configDigest: string
}

/** Starts QEMU with the disks of an image; the guest boots meanwhile. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { folder, firmware, signal, shape = defaultShape, accelerator = 'tcg' } = options
  const port = options.port === undefined || options.port === 0 ? (await freePorts(1))[0]! : options.port
  const configuration = join(folder, 'configuration.img')
  await writeConfigurationDisk(configuration, options.configuration)
  const documents = options.documents ?? join(folder, 'documents.img')
  if (options.documents === undefined) await writeEmptyDisk(documents)
  const { wire, network, beside, outward, control, capture, extra, startTpm } = options
  const qemu = await startQemu({
    name: 'the machine (QEMU)',
    folder,
    shape,
    accelerator,
    firmware,
    disks: { boot: options.bootDisk, model: options.modelDisk, configuration, documents },
    ...(wire === undefined ? { port } : { wire }),
    ...(network === undefined ? {} : { network }),
    ...(beside === undefined ? {} : { beside }),
    ...(outward === undefined ? {} : { outward }),
    ...(control === undefined ? {} : { control }),
    ...(capture === undefined ? {} : { capture }),
    ...(extra === undefined ? {} : { extra }),
    ...(startTpm === undefined ? {} : { startTpm }),
    signal,
  })
  return {
    qemu: qemu.child,
    tpm: qemu.tpm,
    url: `http://127.0.0.1:${port}/`,
    folder,
    console: async () => readFile(qemu.console, 'latin1'),
    stop: async () => qemu.stop(),
  }
}

/**
 * Waits until the gateway inside answers.
 *
 * @throws {Error} where the machine ends or is too slow, with what it printed last
 */
export async function untilReady(machine: Machine, timeoutMs: number): Promise<Ready> {
  const end = performance.now() + timeoutMs
  const start = await machine.qemu.line((line) => parseEvent(line, 'start'), timeoutMs)
  await machine.qemu.until(
    async () => {
      // QEMU accepts connections before the guest does: each try needs a limit of its own.
      const answer = await fetch(`${machine.url}blindllama/v1/health`, { signal: AbortSignal.timeout(2000) })
      return answer.ok
    },
    Math.max(1, end - performance.now()),
  )
  return { akName: String(start['ak_name']), configDigest: String(start['config_digest']) }
}

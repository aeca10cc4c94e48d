import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Child } from '../staging/child.ts'
import { parseEvent } from '../staging/log-line.ts'
import { freePorts } from '../staging/ports.ts'
import { writeConfigurationDisk } from './configuration.ts'
import type { Firmware } from './firmware.ts'
import { defaultShape, qemuArguments, type Shape } from './qemu.ts'
import { startMachineTpm, type MachineTpm } from './vm-tpm.ts'

export interface MachineOptions {
  /** Private folder of the machine: variables, TPM, logs. */
  readonly folder: string
  readonly firmware: Firmware
  readonly bootDisk: string
  readonly modelDisk: string
  /** TOML text of the gateway. */
  readonly configuration: string
  readonly shape?: Shape
  readonly accelerator?: 'kvm' | 'tcg'
  /** Port of the gateway on 127.0.0.1, 0 (default) for a free one. */
  readonly port?: number
  readonly capture?: string
  /** Further words for QEMU. */
  readonly extra?: readonly string[]
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

/** Starts QEMU with a fresh TPM; the guest boots meanwhile. */
export async function startMachine(options: MachineOptions): Promise<Machine> {
  const { folder, firmware, signal, shape = defaultShape, accelerator = 'tcg' } = options
  const port = options.port === undefined || options.port === 0 ? (await freePorts(1))[0]! : options.port
  const configuration = join(folder, 'configuration.img')
  const variables = join(folder, 'variables.fd')
  const log = join(folder, 'console.log')
  await writeConfigurationDisk(configuration, options.configuration)
  await copyFile(firmware.variables, variables)
  await writeFile(log, '')
  const tpm = await startMachineTpm(folder, signal)
  const qemu = new Child({
    name: 'the machine (QEMU)',
    command: 'qemu-system-x86_64',
    args: qemuArguments({
      shape,
      accelerator,
      firmware,
      variables,
      tpm: tpm.socket,
      port,
      disks: { boot: options.bootDisk, model: options.modelDisk, configuration },
      ...(options.capture === undefined ? {} : { capture: options.capture }),
      ...(options.extra === undefined ? {} : { extra: options.extra }),
    }),
    log,
    signal,
  })
  return {
    qemu,
    tpm,
    url: `http://127.0.0.1:${port}/`,
    folder,
    console: async () => readFile(log, 'latin1'),
    stop: async () => {
      await qemu.stop()
      await tpm.child.stop()
    },
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

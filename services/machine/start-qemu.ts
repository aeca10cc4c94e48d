import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Child } from '../staging/child.ts'
import { qemuArguments, type MachineInput } from './qemu.ts'
import { startMachineTpm, type MachineTpm } from './vm-tpm.ts'

export interface QemuOptions extends Omit<MachineInput, 'variables' | 'tpm'> {
  /** What it is called in messages. */
  readonly name: string
  /** Private folder of the machine: variables, TPM, logs. */
  readonly folder: string
  /** Starts the machine's TPM in `folder`; default: a software TPM. */
  readonly startTpm?: (folder: string, signal: AbortSignal) => Promise<MachineTpm>
  readonly signal: AbortSignal
}

export interface Qemu {
  readonly child: Child
  readonly tpm: MachineTpm
  /** File with what the machine prints on its serial console. */
  readonly console: string
  stop(): Promise<void>
}

/** Starts QEMU with variables of its own and a TPM of its own. A TPM that is in the folder already goes on with its state. */
export async function startQemu(options: QemuOptions): Promise<Qemu> {
  const { name, folder, signal, startTpm = startMachineTpm, ...machine } = options
  const variables = join(folder, 'variables.fd')
  const console = join(folder, 'console.log')
  await copyFile(machine.firmware.variables, variables)
  await writeFile(console, '')
  const tpm = await startTpm(folder, signal)
  const child = new Child({
    name,
    command: 'qemu-system-x86_64',
    args: qemuArguments({ ...machine, variables, tpm: tpm.socket }),
    log: console,
    signal,
    // What is written there reaches the machine's serial console.
    input: true,
  })
  return {
    child,
    tpm,
    console,
    stop: async () => {
      await child.stop()
      await tpm.child.stop()
    },
  }
}

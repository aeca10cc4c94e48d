import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startAgain } from '../../services/machine/start-again.ts'
import { freePorts } from '../../services/staging/ports.ts'
import { type Booted, Machines } from '../vm/machines.ts'
import type { Breakables } from './faults.ts'

/** The measured image in a virtual machine that can be killed. */
export interface MachineParts {
  readonly policy: string
  /** Base URL of the gateway inside. */
  readonly url: string
  readonly breakables: Breakables
  /** How often each request was run; a model server in a machine counts nothing. */
  readonly runs?: () => ReadonlyMap<string, number>
  readonly stop: () => Promise<void>
}

/** @param folder a private one: the machine has the same TPM and the same port after each start */
export async function startMachineParts(folder: string, onProgress: (message: string) => void): Promise<MachineParts> {
  const [port = 0] = await freePorts(1)
  // No page takes part.
  const machines = await Machines.of('http://127.0.0.1', onProgress)
  const own = join(folder, 'machine')
  await mkdir(own)
  const boot = async (): Promise<Booted> => {
    const began = performance.now()
    const answering = await startAgain(async () => machines.boot({ folder: own, port }), onProgress)
    onProgress(
      `the gateway in the machine answers, ${((performance.now() - began) / 1000).toFixed(1)} s after the start`,
    )
    return answering
  }
  let booted: Booted = await boot()
  const { policy, url } = booted
  const start = async (): Promise<void> => {
    // Of the TPM of the machine that was killed, nothing runs any more.
    await booted.stop()
    booted = await boot()
  }
  const kill = async (): Promise<void> => booted.machine.qemu.kill()
  return { policy, url, breakables: new Map([['VM', () => ({ kill, start })]]), stop: async () => booted.stop() }
}

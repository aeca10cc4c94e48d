import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Child } from '../../services/staging/child.ts'
import { startMachineTpm, type MachineTpm } from '../../services/machine/vm-tpm.ts'

const program: string = fileURLToPath(new URL('tpm-switch.py', import.meta.url))

/** A TPM that its host can exchange for another one while the machine runs. */
export class SwitchedTpm {
  #switch: Child | undefined

  /** For `startTpm` of a machine. */
  readonly start = async (folder: string, signal: AbortSignal): Promise<MachineTpm> => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')]
    for (const own of [first, second]) await mkdir(own)
    const [one, other] = [await startMachineTpm(first, signal), await startMachineTpm(second, signal)]
    const socket = join(folder, 'tpm.sock')
    this.#switch = new Child({
      name: 'the switch of TPMs',
      command: 'python3',
      args: ['-B', program, socket, one.socket, other.socket],
      log: join(folder, 'switch.log'),
      signal,
    })
    await this.#switch.line((line) => (line === 'ready' ? true : undefined), 60_000)
    return { ...one, child: this.#switch, socket }
  }

  async exchange(): Promise<void> {
    if (this.#switch?.pid === undefined) throw new Error('no machine was started with this TPM')
    process.kill(this.#switch.pid, 'SIGUSR1')
    await this.#switch.line((line) => (line === 'switched' ? true : undefined), 60_000)
  }
}

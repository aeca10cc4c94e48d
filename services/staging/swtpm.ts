import { mkdir } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Child } from './child.ts'
import { manufacture, type SoftwareMaker } from './manufacture.ts'
import { freePortPair } from './ports.ts'

export interface SoftwareTpm {
  readonly child: Child
  readonly port: number
  /** How tpm2-tss reaches it. */
  readonly tcti: string
}

/**
 * Starts a software TPM with a fresh state in `folder`: new seeds, so a new attestation key at every start.
 *
 * @param maker certifies its endorsement keys; without one it has no certificates
 */
export async function startSoftwareTpm(
  folder: string,
  signal: AbortSignal,
  maker?: SoftwareMaker,
): Promise<SoftwareTpm> {
  const state = join(folder, 'tpm')
  await mkdir(state)
  if (maker) await manufacture(maker, state, signal)
  for (let attempt = 1; ; attempt++) {
    try {
      return await powerOn(folder, await freePortPair(), signal)
    } catch (error) {
      // Between the search for a free port and its use, somebody else can have taken it.
      if (attempt === 3 || signal.aborted) throw error
    }
  }
}

/** Starts a software TPM over the state in `folder`, as after a loss of power: the same seeds and keys, and PCRs that are zero again. */
export async function powerOn(folder: string, port: number, signal: AbortSignal): Promise<SoftwareTpm> {
  const child = new Child({
    name: 'the software TPM (swtpm)',
    command: 'swtpm',
    args: [
      'socket',
      '--tpm2',
      '--tpmstate',
      `dir=${join(folder, 'tpm')}`,
      '--server',
      `type=tcp,port=${port},bindaddr=127.0.0.1`,
      '--ctrl',
      `type=tcp,port=${port + 1},bindaddr=127.0.0.1`,
      '--flags',
      'not-need-init,startup-clear',
    ],
    log: join(folder, 'swtpm.log'),
    signal,
  })
  try {
    await child.until(() => accepts(port + 1), 60_000)
    return { child, port, tcti: `swtpm:host=127.0.0.1,port=${port}` }
  } catch (error) {
    await child.stop()
    throw error
  }
}

async function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

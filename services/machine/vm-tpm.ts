import { access, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Child } from '../staging/child.ts'

export interface MachineTpm {
  readonly child: Child
  /** Control socket: QEMU connects there. */
  readonly socket: string
  /** What it was asked, as swtpm prints it at level 20; empty unless `recorded`. */
  readonly log: string
}

/** Starts a software TPM for one machine, with a fresh state unless `folder` has one. It ends when QEMU does. */
export async function startMachineTpm(
  folder: string,
  signal: AbortSignal,
  options: { readonly recorded?: boolean } = {},
): Promise<MachineTpm> {
  const state = join(folder, 'tpm')
  const socket = join(folder, 'tpm.sock')
  const log = join(folder, 'tpm-commands.log')
  await mkdir(state, { recursive: true })
  // Of a TPM that has ended: the new one is awaited below.
  await rm(socket, { force: true })
  const child = new Child({
    name: 'the software TPM (swtpm)',
    command: 'swtpm',
    args: [
      'socket',
      '--tpm2',
      '--tpmstate',
      `dir=${state}`,
      '--ctrl',
      `type=unixio,path=${socket}`,
      '--terminate',
      ...(options.recorded === true ? ['--log', `file=${log},level=20`] : []),
    ],
    log: join(folder, 'swtpm.log'),
    signal,
  })
  await child.until(async () => access(socket).then(() => true), 60_000)
  return { child, socket, log }
}

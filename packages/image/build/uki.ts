import { copyFile, cp, mkdir, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { builtFolder } from './cache.ts'
import { lockedPackages } from './lock.ts'
import { fetchPackages, repository } from './packages.ts'
import type { Programs } from './programs.ts'
import { run, type Progress } from './run.ts'

/** The one address of the guest: that of QEMU's user network. */
export const guestAddress = '10.0.2.15'

/** The kernel's command line without the model, which follows it. `docs/THREAT-MODEL.md` has the reason of each word. */
const commandLine: readonly string[] = [
  'console=ttyS0',
  'quiet',
  'loglevel=3',
  'panic=-1',
  'oops=panic',
  'lockdown=confidentiality',
  'random.trust_cpu=on',
  'random.trust_bootloader=off',
  'sysctl.kernel.sysrq=0',
  'ipv6.disable=1',
  'init_on_alloc=1',
  'init_on_free=1',
  'slab_nomerge',
  'vsyscall=none',
  'debugfs=off',
  'noresume',
  'nohibernate',
]

/** Which package each file of the initrd belongs to, by `mkosi.finalize`. */
export interface Owners {
  /** Name of the kernel's package. */
  readonly kernel: string
  readonly files: Readonly<Record<string, string>>
}

export interface Uki {
  readonly path: string
  readonly owners: Owners
}

/**
 * Builds the unified kernel image.
 *
 * @param source the checkout; @param model the word that {@link modelDisk} returned
 * @param folder where the image and mkosi's workspace go
 */
export async function uki(
  source: string,
  tools: string,
  programs: Programs,
  model: string,
  folder: string,
  onProgress: Progress,
): Promise<Uki> {
  const packages = await lockedPackages('image')
  await fetchPackages(packages, onProgress)
  const mirror = await repository(packages)
  const work = join(folder, 'mkosi')
  await rm(work, { recursive: true, force: true })
  const settings = join(work, 'settings')
  const extra = join(work, 'extra')
  await cp(join(source, 'packages/image/mkosi'), settings, { recursive: true })
  const place = async (from: string, to: string): Promise<void> => {
    await mkdir(dirname(join(extra, to)), { recursive: true })
    await copyFile(from, join(extra, to))
  }
  await place(programs.init, 'init')
  await place(programs.gateway, 'usr/bin/blindllama-gateway')
  const workspace = join(work, 'workspace')
  const output = join(work, 'output')
  for (const made of [workspace, output]) await mkdir(made)
  onProgress('building the image')
  const words = [
    'python3',
    '-B',
    '-m',
    'mkosi',
    '--directory',
    settings,
    `--tools-tree=${tools}`,
    `--local-mirror=file://${mirror}`,
    `--extra-tree=${extra}`,
    `--workspace-directory=${workspace}`,
    `--package-cache-directory=${await builtFolder('mkosi-packages')}`,
    `--output-directory=${output}`,
    `--kernel-command-line=${[...commandLine, `blindllama.address=${guestAddress}/24`, `blindllama.model=${model}`].join(' ')}`,
    '--force',
    'build',
  ]
  await run('The image could not be built', words, {
    cwd: settings,
    env: {
      PYTHONPATH: join(tools, 'usr/lib/python3/dist-packages'),
      PATH: `${process.env['PATH']}:/usr/sbin:/sbin`,
    },
    timeoutMs: 15 * 60_000,
  })
  const image = join(folder, 'blindllama.efi')
  await copyFile(join(output, 'blindllama.efi'), image)
  const owners = JSON.parse(await readFile(join(output, 'packages.json'), 'utf8')) as Owners
  await rm(work, { recursive: true })
  return { path: image, owners }
}

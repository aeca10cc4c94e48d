import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../../tools/run/command.ts'
import type { Patch } from './builds.ts'

const root: string = fileURLToPath(new URL('../../..', import.meta.url))
const sources = [
  'assurance',
  'docs',
  'packages',
  'examples',
  'services',
  'spec',
  'tools',
  'Cargo.toml',
  'Cargo.lock',
  'package.json',
  'pnpm-workspace.yaml',
]
const settings = ['tsconfig.base.json', 'tsconfig.json', 'rustfmt.toml', 'pnpm-lock.yaml']
const minutes = 60_000

/** A copy of this checkout, always at the same place: compiled dependencies are found again the next time. */
export class Tree {
  readonly folder: string = join(root, 'target/sabotage/tree')

  /** The folder of the built chat. */
  get page(): string {
    return join(this.folder, 'examples/react-chat/dist')
  }

  /** The folder of the built SDK. */
  get sdk(): string {
    return join(this.folder, 'packages/web-sdk/dist')
  }

  async make(patches: readonly Patch[]): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
    await mkdir(this.folder, { recursive: true })
    for (const name of [...sources, ...settings])
      await cp(join(root, name), join(this.folder, name), {
        recursive: true,
        verbatimSymlinks: true,
        filter: (path) => basename(path) !== 'target',
      })
    await symlink(join(root, 'node_modules'), join(this.folder, 'node_modules'))
    for (const patch of patches) await this.#apply(patch)
  }

  async build(): Promise<void> {
    await this.#run('node', '--import', 'tsx', 'tools/build-wasm.ts', 'pkg')
    await this.#run('pnpm', '--dir', 'packages/web-sdk', 'run', 'build')
    await this.#run('pnpm', '--dir', 'packages/ui', 'run', 'build')
    await this.#run('pnpm', '--dir', 'examples/react-chat', 'run', 'build')
  }

  async #apply({ file, find, replace }: Patch): Promise<void> {
    const path = join(this.folder, file)
    const pieces = (await readFile(path, 'utf8')).split(find)
    if (pieces.length !== 2) throw new Error(`${file}: the patch fits ${pieces.length - 1} times; mend builds.ts`)
    await writeFile(path, pieces.join(replace))
  }

  async #run(...command: readonly string[]): Promise<void> {
    const env = { CARGO_TARGET_DIR: join(root, 'target/sabotage/cargo') }
    const { ok, output, reason } = await runCommand(command, { cwd: this.folder, env, timeoutMs: 15 * minutes })
    if (!ok) throw new Error(`${output.trimEnd()}\n${command.join(' ')}: ${reason}`)
  }
}

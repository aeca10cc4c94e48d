/** A copy of some crates as a workspace of their own, whose sources may be changed. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { runCommand } from '../../tools/run/command.ts'
import { seed } from './seed.ts'

/** A test program that cargo built. */
export interface TestProgram {
  /** `lib`, `bin` or the name of the file below `tests`. */
  readonly target: string
  readonly path: string
}

const built = /^(pkg.*|target|fuzz|node_modules|dist)$/

/** Compiling everything takes minutes on a slow machine; a build that hangs is still ended. */
const BUILD_LIMIT_MS: number = 20 * 60_000

export class Workspace {
  readonly folder: string
  readonly #package: string
  readonly #target: string

  /**
   * @param root The repository.
   * @param folder Where the copy goes; what is there is removed.
   * @param target The copy's target folder, kept between runs.
   */
  constructor(root: string, folder: string, target: string, name: string, crates: readonly string[]) {
    this.folder = folder
    this.#package = name
    this.#target = target
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    for (const crate of crates)
      cpSync(join(root, crate), join(folder, crate), { recursive: true, filter: (path) => !built.test(basename(path)) })
    for (const file of ['Cargo.lock', '.cargo']) cpSync(join(root, file), join(folder, file), { recursive: true })
    writeFileSync(join(folder, 'Cargo.toml'), manifest(readFileSync(join(root, 'Cargo.toml'), 'utf8'), crates))
    // Tests compare the code with tables of the documents and of the specification.
    for (const pages of ['docs', 'spec']) symlinkSync(join(root, pages), join(folder, pages))
    linkShared(root, dirname(folder))
    seed(join(process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'), 'debug'), join(target, 'debug'), members(root))
  }

  /**
   * Builds test programs of the package.
   *
   * @throws With the compiler's words when something does not compile.
   */
  async build(targets: ReadonlySet<string>): Promise<TestProgram[]> {
    const selected = [...targets].flatMap((target) =>
      target === 'lib' ? ['--lib'] : target === 'bin' ? ['--bins'] : ['--test', target],
    )
    const words = ['cargo', 'test', '--offline', '--no-run', '--package', this.#package]
    const outcome = await runCommand([...words, '--message-format', 'json-render-diagnostics', ...selected], {
      cwd: this.folder,
      env: { CARGO_TARGET_DIR: this.#target },
      timeoutMs: BUILD_LIMIT_MS,
    })
    if (!outcome.ok) throw new Error(`${errorsOf(outcome.output)}\ncargo ${outcome.reason}`)
    return outcome.stdout.split('\n').flatMap(testProgram)
  }
}

/** The workspace's manifest for `crates` alone. No lint stops a build: a check that is taken out leaves unused code behind. */
function manifest(text: string, crates: readonly string[]): string {
  return text
    .replace(/^members = .*$/m, `members = ${JSON.stringify(crates)}`)
    .replace(/^(\w+) = "(?:deny|forbid|warn)"$/gm, '$1 = "allow"')
}

/** The names of the repository's own crates. */
function members(root: string): string[] {
  const [, list = ''] = /^members = \[(.*)\]$/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8')) ?? []
  return [...list.matchAll(/"([^"]+)"/g)].map(([, folder = '']) => {
    const text = readFileSync(join(root, folder, 'Cargo.toml'), 'utf8')
    return /^name = "(.*)"$/m.exec(text)?.[1] ?? ''
  })
}

/** Tests find the evidence of others beside the repository. */
function linkShared(root: string, parent: string): void {
  const shared = join(root, '../shared')
  const link = join(parent, 'shared')
  rmSync(link, { force: true })
  if (existsSync(shared)) symlinkSync(shared, link)
}

interface CargoMessage {
  readonly reason: string
  readonly executable?: string | null
  readonly profile?: { readonly test: boolean }
  readonly target?: { readonly name: string; readonly kind: readonly string[] }
}

function testProgram(line: string): TestProgram[] {
  if (!line.startsWith('{')) return []
  const { reason, executable, profile, target } = JSON.parse(line) as CargoMessage
  if (reason !== 'compiler-artifact' || typeof executable !== 'string' || profile?.test !== true) return []
  const kind = target?.kind[0]
  if (kind === 'example' || kind === 'bench') return []
  return [{ target: kind === 'test' ? (target?.name ?? '') : kind === 'bin' ? 'bin' : 'lib', path: executable }]
}

/** What the compiler says from its first error on, without the messages for programs: warnings stand before it. */
function errorsOf(output: string): string {
  const lines = output.split('\n').filter((line) => !line.startsWith('{'))
  const first = lines.findIndex((line) => line.startsWith('error'))
  return lines
    .slice(first, first < 0 ? undefined : first + 60)
    .join('\n')
    .trim()
}

/**
 * Takes one check after the other out of the verifier, and demands that its own tests notice: each build without a check compiles,
 * and a conformance vector then ends otherwise than it says.
 *
 *     pnpm mutants [--json] [NAME...]    exits with 1 where a check is missed by nobody
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Mutant, mutants } from './mutants/mutants.ts'
import { killRunning, runCommand } from './run/command.ts'
import { Line } from './run/line.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const folder: string = join(root, 'target/mutants/tree')
const crate: string = join(folder, 'packages/verifier-wasm')
const target: string = process.env['CARGO_TARGET_DIR'] ?? join(root, 'target/mutants/cargo')
const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const wanted: readonly Mutant[] = mutants.filter(({ name }) => positionals.length === 0 || positionals.includes(name))

/** A workspace of the verifier alone. */
function copy(): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const built = /^(pkg.*|target|fuzz|node_modules)$/
  cpSync(join(root, 'packages/verifier-wasm'), crate, {
    recursive: true,
    filter: (path) => !built.test(basename(path)),
  })
  cpSync(join(root, 'Cargo.lock'), join(folder, 'Cargo.lock'))
  const workspace = readFileSync(join(root, 'Cargo.toml'), 'utf8')
  writeFileSync(
    join(folder, 'Cargo.toml'),
    workspace.replace(/^members = .*$/m, 'members = ["packages/verifier-wasm"]'),
  )
}

function cargo(...words: string[]): ReturnType<typeof runCommand> {
  const test = ['cargo', 'test', '--offline', '-p', 'blindllama-verifier', '--test', 'conformance', ...words]
  return runCommand(test, {
    cwd: folder,
    env: { CARGO_TARGET_DIR: target, RUSTFLAGS: '-Awarnings' },
    timeoutMs: 15 * 60_000,
  })
}

/** Whether the tests notice. */
async function notices({ file, find, replace }: Mutant): Promise<boolean> {
  const path = join(crate, 'src', file)
  const whole = readFileSync(path, 'utf8')
  const pieces = whole.split(find)
  if (pieces.length !== 2) throw new Error(`${file}: the patch fits ${pieces.length - 1} times; mend mutants.ts`)
  writeFileSync(path, pieces.join(replace))
  try {
    const built = await cargo('--no-run')
    if (!built.ok) throw new Error(`${built.output.trimEnd()}\n${file}: does not compile without the check`)
    return !(await cargo()).ok
  } finally {
    writeFileSync(path, whole)
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    killRunning()
    process.exit(130)
  })

copy()
const whole = await cargo()
if (!whole.ok) throw new Error(`${whole.output.trimEnd()}\nthe verifier fails with all of its checks`)
const missed: string[] = []
for (const mutant of wanted) {
  const line = values.json ? undefined : new Line(`  without ${mutant.name}`)
  const noticed = await notices(mutant)
  if (!noticed) missed.push(mutant.name)
  line?.settle(noticed ? 'noticed' : 'NOT NOTICED')
}
if (values.json) process.stdout.write(`${JSON.stringify({ mutants: wanted.length, missed })}\n`)
else
  process.stdout.write(`${wanted.length - missed.length}/${wanted.length} checks are missed where they are not there\n`)
process.exitCode = missed.length === 0 && wanted.length > 0 ? 0 : 1

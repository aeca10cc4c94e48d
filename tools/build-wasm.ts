/**
 * Builds the verifier to WebAssembly: `pkg` is what pages load; `pkg-vectors` also shows what evidence says without judging it,
 * for the command and the conformance tools.
 *
 *     node --import tsx tools/build-wasm.ts [pkg | pkg-vectors]...     both where none is named
 *
 * Nothing is done for a package whose inputs have not changed.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fingerprint } from './build/fingerprint.ts'
import { cargoFlags, findToolchain, forceDebian, rustcFlags, type Toolchain } from './build-wasm/toolchain.ts'
import { assertOk } from './run/assert-ok.ts'
import { runCommand } from './run/command.ts'

const packages: Record<string, string> = { pkg: 'wasm', 'pkg-vectors': 'vectors' }
const inputs = ['Cargo.toml', 'Cargo.lock', 'packages/verifier-wasm', 'tools/build-wasm.ts', 'tools/build-wasm']
const wasmName = 'blindllama_verifier_bg.wasm'
const glueName = 'blindllama_verifier.js'

/** Features that every engine of 2021 and later has; `--all-features` would name some that Node.js 20 refuses. */
const wasmOptFlags = [
  // Control flow taken apart and built anew: 0.3 KB less, compressed, where two passes then clean up.
  '--flatten',
  '--rereloop',
  '-Oz',
  '-Oz',
  // One function of everything would be smaller, but compresses worse: a local among thousands takes two bytes, each time others.
  '--one-caller-inline-max-function-size=10',
  '--enable-bulk-memory',
  '--enable-sign-ext',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-multivalue',
  '--enable-reference-types',
  '--strip-debug',
  '--strip-producers',
  '--strip-target-features',
]

const root: string = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '')
const crate: string = join(root, 'packages/verifier-wasm')

/** No path of this machine ends up in the module, so two folders give the same bytes. */
async function rustFlags(env: Toolchain): Promise<string> {
  const cargoHome = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo')
  const rustc = async (...words: string[]): Promise<string> => {
    const outcome = await runCommand([env['RUSTC'] ?? 'rustc', ...words], { cwd: root, env, timeoutMs: 60_000 })
    assertOk('rustc', outcome)
    return outcome.stdout.trim()
  }
  const commit = /^commit-hash: (\w+)$/m.exec(await rustc('-vV'))?.[1] ?? 'unknown'
  return [
    ...rustcFlags,
    // Where the library's source is installed, its paths are those of this machine; elsewhere they are already these.
    `--remap-path-prefix=${await rustc('--print', 'sysroot')}/lib/rustlib/src/rust=/rustc/${commit}`,
    `--remap-path-prefix=${root}=/blindllama`,
    `--remap-path-prefix=${cargoHome}=/cargo`,
    // Half the size of the unrolled rounds; a verification hashes little.
    '--cfg=sha2_backend="soft"',
    '--cfg=sha2_backend_soft="compact"',
    // No engine multiplies 64 bits to 128: with limbs of 64 bits each product would be a call.
    '--cfg=cpubits="32"',
  ].join('\u001F')
}

/**
 * Lets `initSync` start another instance in place of the one that it has started: the module takes back no memory, so every
 * call gets an instance of its own.
 */
function restartable(file: string): void {
  const glue = readFileSync(file, 'utf8')
  const once = /(function initSync\(module\) \{\n) *if \(wasm !== undefined\) return wasm;\n/
  if (!once.test(glue)) throw new Error('wasm-bindgen writes initSync in another way than the one that is known')
  writeFileSync(file, glue.replace(once, '$1'))
}

async function build(name: string, feature: string, toolchain: Toolchain): Promise<void> {
  // The package of before stays until there is a new one.
  const out = join(crate, `${name}-new`)
  rmSync(out, { recursive: true, force: true })
  const wasmPack = await runCommand(
    [
      'wasm-pack',
      'build',
      // Else wasm-pack asks for the target that rustup would bring built.
      '--mode=force',
      '--target=web',
      '--release',
      '--no-pack',
      `--out-dir=${out}`,
      crate,
      '--locked',
      `--features=${feature}`,
      ...cargoFlags,
    ],
    {
      cwd: root,
      env: { ...toolchain, CARGO_ENCODED_RUSTFLAGS: await rustFlags(toolchain) },
      timeoutMs: 12 * 60_000,
    },
  )
  assertOk('wasm-pack', wasmPack)
  restartable(join(out, glueName))
  const wasm = join(out, wasmName)
  const wasmOpt = [join(root, 'node_modules/.bin/wasm-opt'), ...wasmOptFlags, wasm, '-o', wasm]
  assertOk('wasm-opt', await runCommand(wasmOpt, { cwd: root, timeoutMs: 3 * 60_000 }))
  rmSync(join(crate, name), { recursive: true, force: true })
  renameSync(out, join(crate, name))
}

const named: string[] = process.argv.slice(2)
const unknown: string | undefined = named.find((name) => !(name in packages))
if (unknown !== undefined) throw new Error(`${unknown}: not one of ${Object.keys(packages).join(', ')}`)
const now: string = fingerprint(root, inputs, process.env[forceDebian] ?? '')
let toolchain: Toolchain | undefined
for (const [name, feature] of Object.entries(packages)) {
  const stamp = join(crate, name, '.inputs')
  if (named.length > 0 && !named.includes(name)) continue
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === now) continue
  toolchain ??= await findToolchain(root)
  await build(name, feature, toolchain)
  writeFileSync(stamp, now)
}

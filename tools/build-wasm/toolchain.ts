import { runCommand } from '../run/command.ts'

/** Variables that lead to a compiler, the source of its library and a linker for WebAssembly on this machine. */
export type Toolchain = Readonly<Record<string, string>>

/** Set to build with Debian's Rust although rustup's is there: proves the detour on machines that need it not. */
export const forceDebian = 'BLINDLLAMA_WASM_DEBIAN'

/**
 * The Rust on the PATH where it has the source of its library (rustup's component rust-src), else Debian's (rustc-web, cargo-web,
 * rust-web-src, lld-22). This is the one place that knows of the detour.
 */
export async function findToolchain(root: string): Promise<Toolchain> {
  const asked = ['bash', '-c', '. tools/setup/environment.sh && builds_wasm']
  const { ok: buildsWasm } = await runCommand(asked, { cwd: root, timeoutMs: 60_000 })
  return { ...unstable, ...(buildsWasm && process.env[forceDebian] === undefined ? {} : debian()) }
}

/**
 * Lets a stable compiler take the flags below. Nothing else changes with it: compiler and library are those of the release, and the
 * code uses no unstable feature (`unstable_features` is forbidden). A release that took a flag back would fail here, loudly.
 */
const unstable: Toolchain = { RUSTC_BOOTSTRAP: '1' }

/** For cargo: `core` and `alloc` are built with the flags of the module, so that they too have no words for a panic. */
export const cargoFlags: readonly string[] = ['-Z', 'build-std=core,alloc']

/**
 * For the compiler: a panic is a bare trap. Its text, which nobody would ever read, weighs 9 KB compressed otherwise.
 *
 * The linker optimizes all crates as one, since the compiler would leave the allocator out: only there it is seen that freeing
 * does nothing, so that whatever would free goes away. That is 11 KB compressed, and a good third of the functions.
 */
export const rustcFlags: readonly string[] = [
  '-Zunstable-options',
  '-Cpanic=immediate-abort',
  '-Zlocation-detail=none',
  '-Clinker-plugin-lto',
  '-Clink-arg=--lto-O3',
]

function debian(): Toolchain {
  return {
    PATH: `/usr/bin:${process.env['PATH']}`,
    RUSTC: '/usr/bin/rustc',
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: 'wasm-ld-22',
  }
}

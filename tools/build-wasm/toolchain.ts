import type { Outcome } from '../run/command.ts'
import { runCommand } from '../run/command.ts'

/** How to compile for `wasm32-unknown-unknown` on this machine. */
export interface Toolchain {
  readonly env: Readonly<Record<string, string>>
  /** Before the path of the crate. */
  readonly wasmPack: readonly string[]
  /** After `--`, for cargo. */
  readonly cargo: readonly string[]
}

/** Set to build std with Debian's Rust although a target is there: proves the detour on machines that need it not. */
export const forceDebian = 'BLINDLLAMA_WASM_DEBIAN'

/**
 * A toolchain that has the target, else Debian's (rustc-web, cargo-web, rust-web-src, lld-22), which has its source:
 * `core` and `alloc` are then built first. This is the one place that knows of the detour.
 */
export async function findToolchain(root: string): Promise<Toolchain> {
  const found = await runCommand(['bash', 'tools/setup/rust.sh'], { cwd: root, timeoutMs: 60_000 })
  if (!found.ok) throw new Error(found.output)
  const { wasmTarget } = JSON.parse(found.stdout) as { wasmTarget: boolean }
  return wasmTarget && process.env[forceDebian] === undefined ? rustup() : debian()
}

function rustup(): Toolchain {
  return { env: {}, wasmPack: ['-m', 'no-install'], cargo: [] }
}

function debian(): Toolchain {
  return {
    env: {
      PATH: `/usr/bin:${process.env['PATH']}`,
      RUSTC: '/usr/bin/rustc',
      // -Z flags of a stable compiler; Debian's packages bring the source that they need.
      RUSTC_BOOTSTRAP: '1',
      CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER: 'wasm-ld-22',
    },
    // wasm-pack asks rustup for the target unless it is told not to look.
    wasmPack: ['-m', 'force'],
    cargo: ['-Z', 'build-std=core,alloc'],
  }
}

/** What a tool printed, for an error that explains itself. */
export function assertOk(what: string, outcome: Outcome): void {
  if (!outcome.ok) throw new Error(`${outcome.output.trimEnd()}\n${what}: ${outcome.reason}`)
}

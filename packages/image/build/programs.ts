import { homedir } from 'node:os'
import { join } from 'node:path'
import { jobs, run, type Progress } from './run.ts'

/** The two Rust programs of the image. */
export interface Programs {
  readonly gateway: string
  readonly init: string
}

/**
 * Builds the gateway and the first process from a checkout.
 *
 * No path of the machine gets into them: panics and assertions name files below `/source` and `/cargo`.
 *
 * @param source the checkout; @param target folder for what cargo makes
 */
export async function programs(source: string, target: string, onProgress: Progress): Promise<Programs> {
  const cargoHome = process.env['CARGO_HOME'] ?? join(homedir(), '.cargo')
  const maps: readonly (readonly [string, string])[] = [
    [target, '/target'],
    [source, '/source'],
    [cargoHome, '/cargo'],
  ]
  const cFlags = maps.map(([from, to]) => `-ffile-prefix-map=${from}=${to}`).join(' ')
  const rustFlags = maps.map(([from, to]) => `--remap-path-prefix=${from}=${to}`)
  const build = async (name: string, folder: string, flags: readonly string[], ...words: readonly string[]) => {
    onProgress(`building ${name}`)
    await run(`${name} could not be built`, ['cargo', 'build', '--locked', '-j', String(jobs), '-p', name, ...words], {
      cwd: source,
      timeoutMs: 40 * 60_000,
      env: {
        CARGO_TARGET_DIR: join(target, folder),
        // Separated by U+001F, so that folders may have spaces.
        CARGO_ENCODED_RUSTFLAGS: [...rustFlags, ...flags].join('\u001F'),
        CFLAGS: cFlags,
        CXXFLAGS: cFlags,
      },
    })
  }
  await build('blindllama-init', 'init', ['-Ctarget-feature=+crt-static'], '--release', '--target', triple)
  await build('blindllama-gateway', 'gateway', [], '--profile', 'gateway')
  return {
    init: join(target, 'init', triple, 'release/blindllama-init'),
    gateway: join(target, 'gateway/gateway/blindllama-gateway'),
  }
}

/** Named, so that build scripts and procedural macros, which cannot be static, do not get the flags of the program. */
const triple = 'x86_64-unknown-linux-gnu'

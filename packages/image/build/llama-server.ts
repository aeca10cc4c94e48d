import { createRequire } from 'node:module'
import { cp, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtFolder, exists, sha256 } from './cache.ts'
import { jobs, run, type Progress } from './run.ts'

const set = (value: 'ON' | 'OFF', ...names: readonly string[]): string[] => names.map((name) => `-D${name}=${value}`)

/** Of the build for AVX2. The first process asks the processor for each of them (`init/src/processor.rs`); every one with AVX2 has SSE4.2. */
const instructionSets = ['AVX', 'AVX2', 'FMA', 'F16C', 'BMI2', 'SSE42'].map((name) => `GGML_${name}`)

/** One static program that serves HTTP, without TLS, a page, tests and other tools. */
const settings: readonly string[] = [
  '-DCMAKE_BUILD_TYPE=Release',
  '-DCMAKE_EXE_LINKER_FLAGS=-static -s',
  ...set('OFF', 'BUILD_SHARED_LIBS', 'GGML_NATIVE', 'GGML_OPENMP'),
  ...set('OFF', 'LLAMA_OPENSSL', 'LLAMA_BUILD_TESTS', 'LLAMA_BUILD_EXAMPLES', 'LLAMA_BUILD_APP'),
  ...set('OFF', 'LLAMA_BUILD_UI', 'LLAMA_USE_PREBUILT_UI'),
]

/** Two programs of the same source. */
export interface ModelServers {
  /** SSE2 alone, which every x86-64 processor has. */
  readonly sse2: string
  readonly avx2: string
}

const builds: Readonly<Record<keyof ModelServers, readonly string[]>> = {
  sse2: set('OFF', ...instructionSets),
  avx2: set('ON', ...instructionSets),
}

/** llama.cpp's own source, as a Git bundle that the package node-llama-cpp carries. */
export function sourceBundle(): string {
  const services = fileURLToPath(new URL('../../../services/model-server/package.json', import.meta.url))
  const entry = createRequire(services).resolve('node-llama-cpp')
  return join(dirname(entry), '../llama/gitRelease.bundle')
}

/**
 * Builds `llama-server` as static programs, once for each source, settings and compiler. It takes about six minutes on two cores: the
 * second program differs in what computes alone.
 *
 * @returns paths of the programs in the cache
 * @throws {Error} with the failed step and what the compiler printed last
 */
export async function llamaServers(onProgress: Progress): Promise<ModelServers> {
  const bundle = sourceBundle()
  const compiler = await run('The C++ compiler is missing', ['c++', '--version'], { cwd: '/' })
  const key = sha256(JSON.stringify([sha256(await readFile(bundle)), settings, builds, compiler])).slice(0, 16)
  const folder = await builtFolder('llama-server', key)
  const programs = { sse2: join(folder, 'llama-server'), avx2: join(folder, 'llama-server-avx2') }
  if ((await exists(programs.sse2)) && (await exists(programs.avx2))) return programs

  const source = join(folder, 'source')
  const build = join(folder, 'build')
  for (const old of [source, build]) await rm(old, { recursive: true, force: true })
  onProgress('unpacking the source of llama-server')
  await run('The source of llama-server could not be unpacked', ['git', 'clone', '--quiet', bundle, source], {
    cwd: folder,
  })
  // Paths of the build would differ from folder to folder, and a program that asserts carries them.
  const paths = `-ffile-prefix-map=${folder}=/llama`
  const flags = [`-DCMAKE_C_FLAGS=${paths}`, `-DCMAKE_CXX_FLAGS=${paths}`]
  for (const name of ['sse2', 'avx2'] as const) {
    onProgress(`configuring llama-server for ${name.toUpperCase()}`)
    const words = ['cmake', '-G', 'Ninja', '-S', source, '-B', build, ...flags, ...settings, ...builds[name]]
    await run('llama-server could not be configured', words, { cwd: folder })
    onProgress(`building llama-server for ${name.toUpperCase()} (once, about six minutes for both)`)
    await run('llama-server could not be built', ['ninja', '-C', build, '-j', String(jobs), 'llama-server'], {
      cwd: folder,
      timeoutMs: 40 * 60_000,
    })
    // Renamed last: a build that is interrupted leaves no program that looks complete.
    await cp(join(build, 'bin/llama-server'), `${programs[name]}.new`)
    await rename(`${programs[name]}.new`, programs[name])
  }
  for (const old of [source, build]) await rm(old, { recursive: true, force: true })
  return programs
}

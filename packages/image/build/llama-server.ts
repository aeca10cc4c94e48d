import { createRequire } from 'node:module'
import { cp, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtFolder, exists, sha256 } from './cache.ts'
import { jobs, run, type Progress } from './run.ts'

const off = (...names: readonly string[]): string[] => names.map((name) => `-D${name}=OFF`)

/** SSE2 alone: an emulated processor may have nothing else, and every x86-64 processor has it. */
const instructionSets = ['AVX', 'AVX2', 'FMA', 'F16C', 'BMI2', 'SSE42'].map((name) => `GGML_${name}`)

/** One static program that serves HTTP, without TLS, a page, tests and other tools. */
const settings: readonly string[] = [
  '-DCMAKE_BUILD_TYPE=Release',
  '-DCMAKE_EXE_LINKER_FLAGS=-static -s',
  ...off('BUILD_SHARED_LIBS', 'GGML_NATIVE', 'GGML_OPENMP', ...instructionSets),
  ...off('LLAMA_OPENSSL', 'LLAMA_BUILD_TESTS', 'LLAMA_BUILD_EXAMPLES', 'LLAMA_BUILD_APP'),
  ...off('LLAMA_BUILD_UI', 'LLAMA_USE_PREBUILT_UI'),
]

/** llama.cpp's own source, as a Git bundle that the package node-llama-cpp carries. */
export function sourceBundle(): string {
  const services = fileURLToPath(new URL('../../../services/model-server/package.json', import.meta.url))
  const entry = createRequire(services).resolve('node-llama-cpp')
  return join(dirname(entry), '../llama/gitRelease.bundle')
}

/**
 * Builds `llama-server` as a static program, once for each source, settings and compiler. It takes about five minutes on two cores.
 *
 * @returns path of the program in the cache
 * @throws {Error} with the failed step and what the compiler printed last
 */
export async function llamaServer(onProgress: Progress): Promise<string> {
  const bundle = sourceBundle()
  const compiler = await run('The C++ compiler is missing', ['c++', '--version'], { cwd: '/' })
  const key = sha256(JSON.stringify([sha256(await readFile(bundle)), settings, compiler])).slice(0, 16)
  const folder = await builtFolder('llama-server', key)
  const program = join(folder, 'llama-server')
  if (await exists(program)) return program

  const source = join(folder, 'source')
  const build = join(folder, 'build')
  for (const old of [source, build]) await rm(old, { recursive: true, force: true })
  onProgress('unpacking the source of llama-server')
  await run('The source of llama-server could not be unpacked', ['git', 'clone', '--quiet', bundle, source], {
    cwd: folder,
  })
  // Paths of the build would differ from folder to folder, and a program that asserts carries them.
  const paths = `-ffile-prefix-map=${folder}=/llama`
  onProgress('configuring llama-server')
  await run(
    'llama-server could not be configured',
    [
      'cmake',
      '-G',
      'Ninja',
      '-S',
      source,
      '-B',
      build,
      `-DCMAKE_C_FLAGS=${paths}`,
      `-DCMAKE_CXX_FLAGS=${paths}`,
      ...settings,
    ],
    { cwd: folder },
  )
  onProgress('building llama-server (once, about five minutes)')
  await run('llama-server could not be built', ['ninja', '-C', build, '-j', String(jobs), 'llama-server'], {
    cwd: folder,
    timeoutMs: 40 * 60_000,
  })
  // Renamed last: a build that is interrupted leaves no program that looks complete.
  await cp(join(build, 'bin/llama-server'), `${program}.new`)
  await rename(`${program}.new`, program)
  for (const old of [source, build]) await rm(old, { recursive: true, force: true })
  return program
}

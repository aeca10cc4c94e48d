import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from '../../tools/run/command.ts'
import { type BundleVector, verify } from '../../tools/vectors/bundle.ts'
import { loadVerifier } from '../../tools/vectors/verifier.ts'
import { benchSeal } from '../channel.js'
import { quartiles } from '../statistics.js'
import type { Figures } from './rows.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const target = join(process.env['CARGO_TARGET_DIR'] ?? join(root, 'target'), 'gateway')
const minutes = 60_000

interface Load {
  readonly crypto: Pick<Figures, 'x25519Us' | 'hybridReceiveUs' | 'portableHybridUs'>
  readonly events: number
}

/** Builds what the gateway is measured with, and the gateway. */
export async function buildLoad(): Promise<void> {
  await build(['--bin', 'blindllama-gateway', '--example', 'load'])
}

/** Builds only what measures cryptography; `small` are crates to be built for size, as if the profile said so. */
export async function buildSmall(small: readonly string[]): Promise<void> {
  await build([
    '--example',
    'load',
    ...small.flatMap((name) => ['--config', `profile.gateway.package.${name}.opt-level="z"`]),
  ])
}

async function build(what: readonly string[]): Promise<void> {
  const cargo = ['cargo', 'build', '--quiet', '--locked', '--profile', 'gateway', '-p', 'blindllama-gateway']
  await run([...cargo, ...what], 40 * minutes)
}

/** What the gateway and the plain proxy cost; `crypto` alone leaves the rest out. */
export async function measureLoad(what: 'floor' | 'crypto'): Promise<Load> {
  const words = [join(target, 'examples/load'), what]
  const parsed: unknown = JSON.parse(await run(words, 10 * minutes))
  return what === 'floor' ? (parsed as Load) : { crypto: parsed as Load['crypto'], events: Number.NaN }
}

/** Everything that is measured in Node. */
export async function measureNode(): Promise<Pick<Figures, 'seal' | 'verifyMs' | 'sha256Ms'>> {
  const seal = (await benchSeal(1024 * 1024, 40, 1)).speed.median
  const mebibyte = new Uint8Array(1024 * 1024)
  const sha256Ms = time(() => createHash('sha256').update(mebibyte).digest())
  return { seal, sha256Ms, verifyMs: await warmVerify() }
}

async function warmVerify(): Promise<number> {
  const file = join(root, 'spec/vectors/bundles/ok-ecc.json')
  const vector = JSON.parse(readFileSync(file, 'utf8')) as BundleVector
  const verifier = await loadVerifier('pkg')
  return time(() => {
    if (verify(verifier, vector).result !== 'pass') throw new Error('The vector ok-ecc was not accepted.')
  })
}

/** The median of 20 timings of 5 each, in milliseconds. */
function time(work: () => unknown): number {
  const sample: number[] = []
  for (let timing = 0; timing < 24; timing += 1) {
    const start = performance.now()
    for (let count = 0; count < 5; count += 1) work()
    if (timing >= 4) sample.push((performance.now() - start) / 5)
  }
  return quartiles(sample).median
}

async function run(words: readonly string[], timeoutMs: number): Promise<string> {
  const env = { GATEWAY_PROGRAM: join(target, 'blindllama-gateway') }
  const { ok, output, stdout, reason } = await runCommand(words, { cwd: root, env, timeoutMs })
  if (!ok) throw new Error(`${words.join(' ')}: ${reason}\n${output.trimEnd()}`)
  return stdout
}

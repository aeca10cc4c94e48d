import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import '../../tools/environment.ts'
import { audience } from '../staging/policy.ts'
import type { Trust } from '../staging/publisher.ts'

const command: string = fileURLToPath(new URL('../../packages/cli/dist/blindllama.js', import.meta.url))

/** Index to value, SHA-256 bank, hexadecimal. */
export type Values = Readonly<Record<string, string>>

/** Values under a name. */
export interface Named {
  readonly name: string
  readonly pcrs: Values
}

/**
 * Runs `blindllama release measure`.
 *
 * @param platforms values of firmware and machine, by shape
 * @returns path of the file that it wrote, for `blindllama release make` and `blindllama policy init`
 */
export async function measureRelease(image: string, platforms: readonly Named[], folder: string): Promise<string> {
  const out = join(folder, 'golden.json')
  const words = [command, 'release', 'measure', image, '--out', out]
  for (const [index, { name, pcrs }] of platforms.entries()) {
    const file = join(folder, `platform-${index}.json`)
    await writeFile(file, JSON.stringify({ name, pcrs }))
    words.push('--platform', file)
  }
  await promisify(execFile)(process.execPath, words, { timeout: 60_000 })
  return out
}

/** Computes what the image decides (PCR 4, 5, 9, 11) from its file, by `blindllama release measure`. */
export async function imageValues(image: string): Promise<Values> {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-measure-'))
  try {
    const out = await measureRelease(image, [{ name: 'none', pcrs: {} }], folder)
    const { images, platforms } = JSON.parse(await readFile(out, 'utf8')) as Record<string, { pcrs: Values }[]>
    return { ...images?.[0]?.pcrs, ...platforms?.[0]?.pcrs }
  } finally {
    await rm(folder, { recursive: true })
  }
}

type Upstream = 'in-image' | 'attested' | 'unattested'

export interface MachinePolicyInput {
  /** Name of the attestation key, hexadecimal. */
  readonly akName: string
  readonly platform: Values
  readonly image: Values
  readonly configDigest: string
  /** What the page accepts as the place of the upstream; default: the image alone. */
  readonly upstream?: Upstream
}

/** What every policy for a machine with a software TPM has (PROTOCOL.md §7): every PCR has a rule, none is left open. */
function rulesFor(akName: string, golden: readonly string[], upstream: Upstream = 'in-image'): object {
  const rules = {
    ...Object.fromEntries(golden.map((pcr) => [pcr, 'golden'])),
    12: 'untouched',
    13: 'untouched',
    14: 'config',
    15: 'instance',
  }
  return {
    version: 1,
    audience,
    anchors: [{ kind: 'simulated', name: akName, hierarchy: 'endorsement' }],
    acceptAssurance: ['simulated'],
    acceptUpstream: [upstream],
    pcrs: { bank: 'sha256', rules, replay: 'quoted' },
  }
}

/** The policy of a page that pins the values itself, JSON. */
export function machinePolicy({ akName, platform, image, configDigest, upstream }: MachinePolicyInput): string {
  const pcrs = { ...platform, ...image }
  const releases = [{ name: 'image of this checkout', pcrs, configDigests: [configDigest] }]
  return JSON.stringify({ ...rulesFor(akName, Object.keys(pcrs), upstream), releases }, null, 2)
}

/** PCRs whose values are those of a release. */
const goldenPcrs: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '9', '11']

/** The policy of a page that pins the keys of a publisher, and the configuration by its digest, JSON. */
export function signedMachinePolicy(akName: string, configDigest: string, trust: Trust): string {
  return JSON.stringify({ ...rulesFor(akName, goldenPcrs), ...trust, configDigests: [configDigest] }, null, 2)
}

/**
 * Digest of a configuration under the settings that the image forces, hexadecimal: before the machine starts.
 *
 * @param profile that of the configuration: `router` where it has `machine.egress`
 */
export async function guestConfigDigest(
  gateway: string,
  configuration: string,
  profile: 'closed' | 'router' = 'closed',
): Promise<string> {
  const settings = { ...forced, ...(profile === 'closed' ? forcedInClosed : {}) }
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-config-'))
  try {
    const file = join(folder, 'gateway.toml')
    await writeFile(file, configuration)
    const { stdout } = await promisify(execFile)(gateway, ['config-digest', '--config', file], {
      timeout: 20_000,
      env: Object.fromEntries(Object.entries(settings).map(([name, value]) => [`BLINDLLAMA_${name}`, value])),
    })
    return stdout.trim()
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** As packages/image/init/src/worker/role.rs sets them. A test compares the two lists. */
export const forced: Readonly<Record<string, string>> = {
  TPM_TCTI: 'attester:/run/gateway/attester',
  ATTESTATION_BANK: 'sha256',
  ATTESTATION_PCRS: '0,1,2,3,4,5,6,7,9,11,12,13,14,15',
  ATTESTATION_EXTEND_INSTANCE: 'true',
  ATTESTATION_EVENT_LOGS: '/run/gateway/event.log',
  MACHINE_CONNECTOR: '/run/gateway/connector',
}

/** Further ones in the profile `closed` (PROTOCOL.md §24.6). */
export const forcedInClosed: Readonly<Record<string, string>> = {
  UPSTREAM_URL: 'unix:/run/model/server.sock',
  UPSTREAM_KIND: 'in-image',
  UPSTREAM_PROMPT_CACHE: 'none',
}

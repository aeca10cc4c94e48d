import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import '../../environment.ts'
import { buildGo } from '../../run/go.ts'
import { loadVerifier, type VerifierModule } from '../../vectors/verifier.ts'
import { Child } from '../child.ts'
import { encodeEventLog } from '../event-log.ts'
import { attestationKeyName, configDigest, startGateway, writeConfig } from '../gateway.ts'
import { measure, toEvents } from '../measurements.ts'
import { audience, writePolicy } from '../policy.ts'
import { replay } from '../replay.ts'
import { startSoftwareTpm } from '../swtpm.ts'
import { extendPcrs } from '../tpm.ts'

interface Policy {
  releases?: { pcrs: Record<string, string> }[]
  releaseKeys?: { keys: { key: string; role: string }[]; threshold: Record<string, number>; minVersion?: number }
  status?: { maxAgeMs: number; signers?: Policy['releaseKeys'] }
  log?: { origin: string; key: string; witnesses: { name: string; key: string }[]; threshold: number }
}
interface Verdict {
  result: string
  code?: string
  detail?: string
  release?: string
  manifest?: { version: number; sourceCommit: string; modelDigest: string; parts: string[] }
  nextState?: string
}

const origin = 'log.example/staging'
const abort = new AbortController()
const folder: string = mkdtempSync(join(tmpdir(), 'blindllama-release-'))
const at = (name: string): string => join(folder, name)
const keys: Record<string, string> = {}
const children: Child[] = []
let verifier: VerifierModule
let url: string
let policy: Policy

const main: string = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))

/** A command line of `blindllama release`; its result as JSON. */
async function command(...args: string[]): Promise<Record<string, unknown>> {
  const line = ['--import', import.meta.resolve('tsx'), main, 'release', ...args, '--json']
  const { stdout } = await promisify(execFile)(process.execPath, line)
  return JSON.parse(stdout) as Record<string, unknown>
}

/** The same for a review, which ends with 4: it judges and signs nothing. */
async function shown(...args: string[]): Promise<string> {
  const line = ['--import', import.meta.resolve('tsx'), main, 'release', ...args, '--json']
  const ended = promisify(execFile)(process.execPath, line)
  const { code, stdout } = await ended.then(
    () => ({ code: 0, stdout: '' }),
    (error: unknown) => error as { code: number; stdout: string },
  )
  expect(code, 'exit code of a review').toBe(4)
  return stdout
}

async function keygen(name: string): Promise<void> {
  keys[name] = (await command('keygen', at(`${name}.pem`)))['key'] as string
}

const key = (name: string): string => keys[name] ?? ''

/** Asks the gateway, and has the WebAssembly decide. */
async function judge(change: (policy: Policy) => void = () => {}, state?: Uint8Array): Promise<Verdict> {
  const nonce = randomBytes(32)
  const answer = await fetch(`${url}blindllama/v1/evidence?nonce=${nonce.toString('base64url')}&v=1`)
  const evidence = new Uint8Array(await answer.arrayBuffer())
  const changed = structuredClone(policy)
  change(changed)
  const text = verifier.verify(
    evidence,
    undefined,
    Buffer.from(JSON.stringify(changed)),
    audience,
    nonce,
    Date.now(),
    true,
    Uint32Array.of(1),
    Uint16Array.of(0x20, 1, 1),
    state,
  )
  return JSON.parse(text) as Verdict
}

async function startWitness(tool: string): Promise<string> {
  const args = ['witness', '--name', 'witness.example/a', '--key', at('witness.pem'), '--state', at('witness.state')]
  const child = new Child({
    name: 'the witness',
    command: tool,
    args: [...args, '--log-origin', origin, '--log-key', key('log')],
    log: at('witness.log'),
    signal: abort.signal,
  })
  children.push(child)
  const address = await child.line((line) => /^http:\S+\/$/.exec(line)?.[0], 20_000)
  const vkey = await child.line((line) => /^witness\.example\S+$/.exec(line)?.[0], 20_000)
  return `witness w1 ${vkey} ${address}\nquorum w1\n`
}

/** As an auditor does: shows the document, then signs the one with that digest, after those of the policy. */
async function countersign(file: string, signer: string, ...keySets: readonly string[]): Promise<void> {
  writeFileSync(at('policy.json'), JSON.stringify(policy))
  const { sha256 } = JSON.parse(await shown('countersign', file, '--key', at(`${signer}.pem`))) as { sha256: string }
  const successors = keySets.flatMap((each) => ['--key-set', each])
  const trust = ['--policy', at('policy.json'), ...successors]
  await command('countersign', file, '--key', at(`${signer}.pem`), '--sha256', sha256, ...trust)
}

/** @param keySets successors of the policy's keys, by which `signers` are known */
async function makeRelease(
  version: number,
  signers: readonly [string, string],
  ...keySets: readonly string[]
): Promise<void> {
  const manifest = at('manifest.json')
  const numbers = ['--version', `${version}`, '--min-version', `${version}`, '--days', '30']
  const digests = [
    '--source-commit',
    'c0'.repeat(20),
    '--image-digest',
    '1a'.repeat(32),
    '--model-digest',
    '3c'.repeat(32),
  ]
  const rest = [
    '--machine',
    'this machine',
    '--pcrs',
    at('pcrs.json'),
    '--config-digest',
    readFileSync(at('digest'), 'utf8'),
  ]
  // The command replaces no document that is signed.
  rmSync(manifest, { force: true })
  await command('make', '--out', manifest, '--name', `staging ${version}`, ...numbers, ...digests, ...rest)
  await command('sign', manifest, '--key', at(`${signers[0]}.pem`))
  await countersign(manifest, signers[1], ...keySets)
  const log = ['--log', at('log'), '--origin', origin, '--log-key', at('log.pem'), '--witnesses', at('witnesses')]
  await command('publish', manifest, ...log, '--proof', at('proof'), '--tool', at('release-log'))
}

async function makeStatus(...what: string[]): Promise<void> {
  rmSync(at('status.json'), { force: true })
  await command('status', '--out', at('status.json'), ...what)
  await command('sign', at('status.json'), '--key', at('office.pem'))
  await command('pack', '--out', folder, '--status', at('status.json'))
}

/** A real TPM in software, measured as in staging, and the real gateway before it. */
beforeAll(async () => {
  verifier = await loadVerifier('pkg')
  buildGo('release-log', at('release-log'))
  for (const name of ['developer', 'auditor', 'office', 'log', 'witness', 'successor', 'mallory']) await keygen(name)
  writeFileSync(at('witnesses'), await startWitness(at('release-log')))

  const tpm = await startSoftwareTpm(folder, abort.signal)
  children.push(tpm.child)
  const config = await writeConfig(folder, {
    tcti: tpm.tcti,
    port: 0,
    upstream: { url: `unix:${at('model.sock')}`, kind: 'in-image', prompt_cache: 'none' },
    origins: [],
    eventLog: at('event.log'),
    extra: { attestation: { release: at('release.cbor'), status: at('status.cbor') } },
  })
  const events = toEvents(await measure({ config, modelServer: undefined, onProgress: () => {} }))
  writeFileSync(at('event.log'), encodeEventLog(events))
  await extendPcrs(tpm.port, events)
  const digest = await configDigest(config, abort.signal)
  const akName = await attestationKeyName(config, abort.signal)
  policy = JSON.parse(
    writePolicy({ akName, golden: replay(events), configDigest: digest, upstream: 'in-image' }),
  ) as Policy
  writeFileSync(at('pcrs.json'), JSON.stringify(policy.releases?.[0]?.pcrs))
  writeFileSync(at('digest'), digest)
  delete policy.releases
  policy.releaseKeys = {
    keys: [
      { key: key('developer'), role: 'developer' },
      { key: key('auditor'), role: 'auditor' },
    ],
    threshold: { developer: 1, auditor: 1 },
  }
  policy.status = {
    maxAgeMs: 86_400_000,
    signers: { keys: [{ key: key('office'), role: 'status' }], threshold: { status: 1 } },
  }
  policy.log = {
    origin,
    key: key('log'),
    witnesses: [{ name: 'witness.example/a', key: key('witness') }],
    threshold: 1,
  }

  await makeRelease(1, ['developer', 'auditor'])
  await command('pack', '--out', folder, '--manifest', at('manifest.json'), '--proof', at('proof'))
  await makeStatus()
  const gateway = await startGateway(config, folder, abort.signal)
  children.push(gateway.child)
  url = gateway.url
}, 300_000)

afterAll(async () => {
  for (const child of children.toReversed()) await child.stop()
  abort.abort()
  rmSync(folder, { recursive: true, force: true })
})

it('passes with a release that was made, signed, countersigned and published with the command', async () => {
  const verdict = await judge()
  expect(verdict).toMatchObject({ result: 'pass', release: 'staging 1' })
  expect(verdict.manifest).toMatchObject({
    version: 1,
    sourceCommit: 'c0'.repeat(20),
    modelDigest: '3c'.repeat(32),
    parts: ['whole'],
  })
})

it.each<[string, string, (policy: Policy) => void]>([
  ['release.threshold', 'another developer', (p) => (p.releaseKeys!.keys[0]!.key = key('mallory'))],
  ['release.below_floor', 'a later floor', (p) => (p.releaseKeys!.minVersion = 2)],
  ['release.threshold', 'another office for the status', (p) => (p.status!.signers!.keys[0]!.key = key('mallory'))],
  ['release.log_origin', 'another log', (p) => (p.log!.origin = 'log.example/other')],
  ['release.log_signature', 'another key of the log', (p) => (p.log!.key = key('mallory'))],
  ['release.log_witness', 'another witness', (p) => (p.log!.witnesses[0]!.key = key('mallory'))],
])('fails with %s under a policy that names %s', async (code, _what, change) => {
  expect(await judge(change)).toMatchObject({ result: 'fail', code })
})

it('refuses a proof of another release, and the state of a later one', async () => {
  const later = (await judge((p) => delete p.log, new Uint8Array())).nextState
  expect(later).toBeDefined()
  const first = readFileSync(at('release.cbor'))
  const proof = at('proof')
  const kept = readFileSync(proof, 'utf8')

  await makeRelease(2, ['developer', 'auditor'])
  writeFileSync(at('proof.old'), kept)
  await command('pack', '--out', folder, '--manifest', at('manifest.json'), '--proof', at('proof.old'))
  await expect.poll(async () => (await judge()).code, { timeout: 60_000 }).toBe('release.log_inclusion')

  await command('pack', '--out', folder, '--manifest', at('manifest.json'), '--proof', proof)
  await expect.poll(async () => (await judge()).release, { timeout: 60_000 }).toBe('staging 2')
  const state = Buffer.from((await judge(() => {}, new Uint8Array())).nextState ?? '', 'hex')
  writeFileSync(at('release.cbor'), first)
  await expect.poll(async () => (await judge()).release, { timeout: 60_000 }).toBe('staging 1')
  expect(await judge(() => {}, state)).toMatchObject({ result: 'fail', code: 'release.below_floor' })
})

it('withdraws a release for everybody who asks for the status', async () => {
  const { payload } = JSON.parse(readFileSync(at('manifest.json'), 'utf8')) as { payload: string }
  const sha256 = createHash('sha256').update(Buffer.from(payload, 'base64')).digest('hex')
  await command('pack', '--out', folder, '--manifest', at('manifest.json'), '--proof', at('proof'))
  await makeStatus('--revoke-release', at('manifest.json'))
  await expect.poll(async () => (await judge()).code, { timeout: 60_000 }).toBe('release.revoked')
  expect(readFileSync(at('status.cbor')).includes(sha256)).toBe(true)
  await makeStatus()
  await expect.poll(async () => (await judge()).result, { timeout: 60_000 }).toBe('pass')
})

it('follows the keys to their successors, under the policy that pins the first ones', async () => {
  writeFileSync(at('policy.json'), JSON.stringify(policy))
  const successors = ['--key', `developer=${key('successor')}`, '--key', `auditor=${key('auditor')}`]
  const thresholds = ['--threshold', 'developer=1', '--threshold', 'auditor=1']
  await command('key-set', '--out', at('keys.json'), '--previous', at('policy.json'), ...successors, ...thresholds)
  await command('sign', at('keys.json'), '--key', at('developer.pem'))
  await countersign(at('keys.json'), 'auditor')
  await makeRelease(3, ['successor', 'auditor'], at('keys.json'))
  const packed = ['pack', '--out', folder, '--manifest', at('manifest.json'), '--proof', at('proof')]
  await command(...packed)
  await expect.poll(async () => (await judge()).code, { timeout: 60_000 }).toBe('release.threshold')
  await command(...packed, '--key-set', at('keys.json'))
  await expect.poll(async () => (await judge()).release, { timeout: 60_000 }).toBe('staging 3')
})

it.each(['manifest.json', 'keys.json', 'status.json'])('%s is what its schema describes', (name) => {
  const schemas = { 'manifest.json': 'release', 'keys.json': 'release-keys', 'status.json': 'release-status' }
  const file = `../../../docs/${schemas[name as keyof typeof schemas]}.schema.json`
  const schema = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as object
  const validate = new Ajv2020().compile(schema)
  const { payload } = JSON.parse(readFileSync(at(name), 'utf8')) as { payload: string }
  const document = JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as Record<string, unknown>
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
  expect(validate({ ...document, note: '' })).toBe(false)
})

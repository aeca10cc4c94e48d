import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import '../../../tools/environment.ts'
import { buildGo } from '../../../tools/run/go.ts'
import { loadVerifier, type VerifierModule } from '../../../tools/vectors/verifier.ts'
import type { Child } from '../child.ts'
import type { Verdict } from '../../../packages/verifier-wasm/ts/verdict.ts'
import type { Policy } from '../../../packages/web-sdk/src/policy.ts'
import { encodeEventLog } from '../event-log.ts'
import { attestationKeyName, configDigest, startGateway, writeConfig } from '../gateway.ts'
import { measure, toEvents } from '../measurements.ts'
import { audience, writePolicy } from '../policy.ts'
import { replay } from '../replay.ts'
import { startSoftwareTpm } from '../swtpm.ts'
import { extendPcrs } from '../tpm.ts'
import { startWitness } from '../witness.ts'

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

/** Witnesses that saw nothing. */
const others = (): { name: string; key: string }[] =>
  ['mallory', 'successor'].map((name) => ({ name: `witness.example/${name}`, key: key(name) }))

/** Asks the gateway, and has the WebAssembly decide. */
async function judge(change: (policy: Policy) => void = () => {}, state?: Uint8Array): Promise<Verdict> {
  const nonce = randomBytes(32)
  const answer = await fetch(`${url}blindllama/v1/evidence?nonce=${nonce.toString('base64url')}&v=1`)
  const evidence = new Uint8Array(await answer.arrayBuffer())
  const changed = structuredClone(policy)
  change(changed)
  return verifier.verify({
    evidence,
    policy: Buffer.from(JSON.stringify(changed)),
    audience,
    nonce,
    nowMs: Date.now(),
    allowSimulated: true,
    versions: [1],
    suites: [[0x20, 1, 1]],
    state,
  })
}

const codeOf = (verdict: Verdict): string => (verdict.result === 'fail' ? verdict.code : 'ok')

const witnesses = ['a', 'b', 'c'] as const

/** @returns its line in the policy of witnesses */
async function addWitness(tool: string, name: (typeof witnesses)[number]): Promise<string> {
  const { child, vkey, address } = await startWitness({
    tool,
    name: `witness.example/${name}`,
    key: at(`witness-${name}.pem`),
    state: at(`witness-${name}.state`),
    log: { origin, key: key('log') },
    output: at(`witness-${name}.log`),
    signal: abort.signal,
  })
  children.push(child)
  vkeys.push(vkey)
  return `witness ${name} ${vkey} ${address}\n`
}

const vkeys: string[] = []

/** Puts a signed document into the log; its proof stands beside it. */
async function publish(file: string): Promise<void> {
  const log = ['--log', at('log'), '--origin', origin, '--log-key', at('log.pem'), '--witnesses', at('witnesses')]
  await command('publish', file, ...log, '--proof', `${file}.proof`, '--tool', at('release-log'))
}

/** One round of the monitor of the developer's and the auditor's keys. @returns the alarms */
async function monitor(...known: readonly string[]): Promise<Record<string, unknown>[]> {
  writeFileSync(at('known'), known.map((sha256) => `${sha256}\n`).join(''))
  const watched = ['developer', 'auditor'].flatMap((name) => ['--key', key(name)])
  const seen = vkeys.flatMap((vkey) => ['--witness', vkey])
  const files = ['--log', at('log'), '--state', at('monitor.state'), '--known', at('known')]
  const args = ['monitor', ...files, '--origin', origin, '--log-key', key('log'), ...watched, ...seen]
  const ended = promisify(execFile)(at('release-log'), args)
  const { code, stdout } = await ended.then(
    ({ stdout: out }) => ({ code: 0, stdout: out }),
    (error: unknown) => error as { code: number; stdout: string },
  )
  const alarms = stdout.split('\n').filter(Boolean)
  expect(code, stdout).toBe(alarms.length > 0 ? 2 : 0)
  return alarms.map((line) => JSON.parse(line) as Record<string, unknown>)
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
  await publish(manifest)
}

async function makeStatus(...what: string[]): Promise<void> {
  rmSync(at('status.json'), { force: true })
  await command('status', '--out', at('status.json'), ...what)
  await command('sign', at('status.json'), '--key', at('office.pem'))
  await publish(at('status.json'))
  await command('pack', '--out', folder, '--status', at('status.json'), '--proof', at('status.json.proof'))
}

/** A real TPM in software, measured as in staging, and the real gateway before it. */
beforeAll(async () => {
  verifier = await loadVerifier('pkg')
  buildGo('services/release-log', at('release-log'))
  for (const name of ['developer', 'auditor', 'office', 'log', 'successor', 'mallory']) await keygen(name)
  for (const name of witnesses) await keygen(`witness-${name}`)
  const lines = await Promise.all(witnesses.map(async (name) => addWitness(at('release-log'), name)))
  writeFileSync(at('witnesses'), `${lines.join('')}group two 2 a b c\nquorum two\n`)

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
    witnesses: witnesses.map((name) => ({ name: `witness.example/${name}`, key: key(`witness-${name}`) })),
    threshold: 2,
  }

  await makeRelease(1, ['developer', 'auditor'])
  await command('pack', '--out', folder, '--manifest', at('manifest.json'), '--proof', at('manifest.json.proof'))
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
  ['release.log_witness', 'other witnesses', (p) => (p.log!.witnesses = p.log!.witnesses.slice(0, 1).concat(others()))],
  ['policy.invalid', 'one of three witnesses', (p) => (p.log!.threshold = 1)],
])('fails with %s under a policy that names %s', async (code, _what, change) => {
  expect(await judge(change)).toMatchObject({ result: 'fail', code })
})

it('refuses a proof of another release, and the state of a later one', async () => {
  const later = (await judge((p) => delete p.log, new Uint8Array())).nextState
  expect(later).toBeDefined()
  const first = readFileSync(at('release.cbor'))
  const proof = at('manifest.json.proof')
  writeFileSync(at('proof.old'), readFileSync(proof))

  await makeRelease(2, ['developer', 'auditor'])
  const old = ['pack', '--out', folder, '--manifest', at('manifest.json'), '--proof', at('proof.old')]
  await expect(command(...old)).rejects.toMatchObject({ code: 3 })
  await command('pack', '--out', folder, '--manifest', at('manifest.json'))
  await expect.poll(async () => codeOf(await judge()), { timeout: 60_000 }).toBe('release.log_missing')

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
  await command('pack', '--out', folder, '--manifest', at('manifest.json'), '--proof', at('manifest.json.proof'))
  const before = readFileSync(at('status.cbor'))
  await makeStatus('--revoke-release', at('manifest.json'))
  await expect.poll(async () => codeOf(await judge()), { timeout: 60_000 }).toBe('release.revoked')
  expect(readFileSync(at('status.cbor')).includes(sha256)).toBe(true)

  // The refusal is remembered: the status from before the withdrawal does not bring the release back.
  const refused = await judge(() => {}, new Uint8Array())
  expect(refused).toMatchObject({ result: 'fail', code: 'release.revoked' })
  writeFileSync(at('status.cbor'), before)
  await expect.poll(async () => (await judge()).result, { timeout: 60_000 }).toBe('pass')
  const state = Buffer.from(refused.nextState ?? '', 'hex')
  expect(await judge(() => {}, state)).toMatchObject({ result: 'fail', code: 'release.status_back' })

  await makeStatus()
  await expect.poll(async () => (await judge(() => {}, state)).result, { timeout: 60_000 }).toBe('pass')
})

it('follows the keys to their successors, under the policy that pins the first ones', async () => {
  writeFileSync(at('policy.json'), JSON.stringify(policy))
  const successors = ['--key', `developer=${key('successor')}`, '--key', `auditor=${key('auditor')}`]
  const thresholds = ['--threshold', 'developer=1', '--threshold', 'auditor=1']
  const successor = ['--previous', at('policy.json'), ...successors, ...thresholds, '--days', '365']
  await command('key-set', '--out', at('keys.json'), ...successor)
  await command('sign', at('keys.json'), '--key', at('developer.pem'))
  await countersign(at('keys.json'), 'auditor')
  await publish(at('keys.json'))
  await makeRelease(3, ['successor', 'auditor'], at('keys.json'))
  const packed = ['pack', '--out', folder, '--manifest', at('manifest.json'), '--proof', at('manifest.json.proof')]
  await command(...packed)
  await expect.poll(async () => codeOf(await judge()), { timeout: 60_000 }).toBe('release.threshold')
  await command(...packed, '--key-set', at('keys.json'))
  await expect.poll(async () => codeOf(await judge()), { timeout: 60_000 }).toBe('release.log_missing')
  await command(...packed, '--key-set', at('keys.json'), '--proof', at('keys.json.proof'))
  await expect.poll(async () => (await judge()).release, { timeout: 60_000 }).toBe('staging 3')
  const state = Buffer.from((await judge(() => {}, new Uint8Array())).nextState ?? '', 'hex')
  await command(...packed)
  await expect.poll(async () => codeOf(await judge(() => {}, state)), { timeout: 60_000 }).toBe('release.key_set_back')
})

it('shows a developer every use of his key in the log that he does not know', async () => {
  const alarms = await monitor()
  const found = alarms.map(({ alarm, kind }) => [alarm, kind])
  expect(found).toEqual([
    ['entry', 'release'],
    ['entry', 'release'],
    ['entry', 'key-set'],
    ['entry', 'release'],
  ])
  expect(await monitor(), 'the same entries again').toEqual([])
  rmSync(at('monitor.state'))
  expect(await monitor(...alarms.map(({ sha256 }) => String(sha256)))).toEqual([])
})

it.each(['manifest.json', 'keys.json', 'status.json'])('%s is what its schema describes', (name) => {
  const schemas = { 'manifest.json': 'release', 'keys.json': 'release-keys', 'status.json': 'release-status' }
  const file = `../../../spec/${schemas[name as keyof typeof schemas]}.schema.json`
  const schema = JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as object
  const validate = new Ajv2020().compile(schema)
  const { payload } = JSON.parse(readFileSync(at(name), 'utf8')) as { payload: string }
  const document = JSON.parse(Buffer.from(payload, 'base64').toString('utf8')) as Record<string, unknown>
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
  expect(validate({ ...document, note: '' })).toBe(false)
})

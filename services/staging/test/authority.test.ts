import { execFileSync } from 'node:child_process'
import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import '../../../tools/environment.ts'
import { buildGo } from '../../../tools/run/go.ts'
import { loadVerifier, type VerifierModule } from '../../../tools/vectors/verifier.ts'
import type { Verdict } from '../../../packages/verifier-wasm/ts/verdict.ts'
import { Child } from '../child.ts'
import { writeRoots } from '../manufacture.ts'
import { pcrRules } from '../measurements.ts'
import { audience } from '../policy.ts'
import {
  type Answer,
  between,
  blindllama,
  blindllamaWith,
  type EnrollingGateway,
  EnrolmentScene,
  isValid,
  type Ran,
} from './enrolling.ts'

const origin = 'log.example/authority'
let scene: EnrolmentScene
let verifier: VerifierModule
let one: EnrollingGateway
let two: EnrollingGateway
let roots: string
let rootSha256: string
const at = (name: string): string => scene.at(name)

beforeAll(async () => {
  scene = await EnrolmentScene.make()
  verifier = await loadVerifier('pkg')
  one = await scene.gateway('one', await scene.certifiedTpm('one'))
  two = await scene.gateway('two', await scene.certifiedTpm('two'))
  roots = await writeRoots(at('roots.json'), scene.maker)
  const key = ['--ca-key', at('ca.pem')]
  const made = await blindllama('ca', 'init', '--root', at('root.der'), '--name', 'Authority of a test', ...key)
  expect(made.exitCode, JSON.stringify(made.said)).toBe(0)
  rootSha256 = made.said['rootSha256'] as string
}, 120_000)

afterAll(async () => {
  await scene.stop()
})

/** Issues into the folder `out`, whose certificate must not be there when that is refused. */
async function issue(service: string, out: string, ...more: string[]): Promise<Ran> {
  const authority = ['--root', at('root.der'), '--ca-key', at('ca.pem'), '--roots', roots]
  const own = ['--key', at('enroller.pem'), '--out', at(out), '--as', 'software', '--unlogged']
  const ran = await blindllama('ca', 'issue', service, ...authority, ...own, ...more)
  expect(existsSync(at(`${out}/leaf.der`)), `${out}: ${JSON.stringify(ran)}`).toBe(ran.exitCode === 0)
  return ran
}

const documentIn = (file: string): Record<string, unknown> => {
  const { payload } = JSON.parse(readFileSync(file, 'utf8')) as { payload: string }
  return JSON.parse(Buffer.from(payload, 'base64').toString()) as Record<string, unknown>
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What a page decides that trusts this authority alone, and another release. */
async function judge({ url }: EnrollingGateway): Promise<Verdict> {
  const nonce = randomBytes(32)
  const answer = await fetch(`${url}blindllama/v1/evidence?nonce=${nonce.toString('base64url')}&v=1`)
  // The bare TPM of this test measured nothing: the verdict ends at the PCRs, behind the attestation key.
  const golden = Object.keys(pcrRules).filter((pcr) => pcrRules[Number(pcr)] === 'golden')
  const policy = {
    version: 1,
    audience,
    anchors: [{ kind: 'custom-ca', rootSha256, hierarchy: 'endorsement' }],
    acceptAssurance: ['operator-ca'],
    acceptUpstream: ['in-image'],
    pcrs: { bank: 'sha256', rules: pcrRules },
    releases: [{ name: 'another', pcrs: Object.fromEntries(golden.map((pcr) => [pcr, 'aa'.repeat(32)])) }],
  }
  return verifier.verify({
    evidence: new Uint8Array(await answer.arrayBuffer()),
    policy: Buffer.from(JSON.stringify(policy)),
    audience,
    nonce,
    nowMs: Date.now(),
    allowSimulated: false,
    versions: [1],
    suites: [[0x20, 1, 1]],
    state: undefined,
  })
}

it('certifies the key of a TPM that decrypted the credential, and a page trusts the installed certificate', async () => {
  const { exitCode, said, warned } = await issue(one.url, 'first', '--install')
  expect(exitCode, JSON.stringify(said)).toBe(0)
  expect(warned).toContain('The TPM is software, which proves nothing, and no client sees that')
  expect(said).toMatchObject({ akName: one.akName, result: 'software', installed: true })
  const leaf = readFileSync(at('first/leaf.der'))
  // Node.js names extKeyUsage so.
  const { subjectAltName, keyUsage: purposes, validTo } = new X509Certificate(leaf)
  for (const [type, value] of Object.entries({ '2.23.133.2.1': 'id:00001014', '2.23.133.2.2': 'swtpm' }))
    expect(subjectAltName).toContain(
      `${type}=#0C${Buffer.from([value.length]).toString('hex').toUpperCase()}${Buffer.from(value).toString('hex').toUpperCase()}`,
    )
  expect(purposes).toEqual(['2.23.133.8.3'])
  expect(Date.parse(validTo) - Date.now()).toBeLessThanOrEqual(7 * 86_400_000)
  const record = documentIn(at('first/certificate.json'))
  expect(isValid('certificate', record)).toBe(true)
  expect(record).toMatchObject({
    certificate: sha256(leaf),
    serial: new X509Certificate(leaf).serialNumber.toLowerCase(),
    enrolment: sha256(Buffer.from(JSON.parse(readFileSync(at('first/enrolment.json'), 'utf8')).payload, 'base64')),
  })
  expect(isValid('enrolment', documentIn(at('first/enrolment.json')))).toBe(true)
  const chain = ['chain', at('first/leaf.der'), at('first/root.der'), '--root-sha256', rootSha256]
  expect((await blindllama(...chain)).said['verdict']).toBe('accept')
  await expect
    .poll(async () => {
      const { steps } = await judge(one)
      return ['ak.trust', 'signature', 'pcr.rules'].map((step) => steps.find(({ id }) => id === step)?.status)
    })
    .toEqual(['pass', 'pass', 'fail'])
  expect((await judge(two)).steps.find(({ id }) => id === 'ak.trust')?.status).toBe('fail')
})

it('renews a certificate by another enrolment of the same key, and of no other', async () => {
  const trust = await statusOf([])
  const renewed = await issue(one.url, 'renewed', '--previous', at('first/certificate.json'), ...trust)
  expect(renewed.exitCode, JSON.stringify(renewed.said)).toBe(0)
  const { payload } = JSON.parse(readFileSync(at('first/certificate.json'), 'utf8')) as { payload: string }
  expect(renewed.said['previous']).toBe(sha256(Buffer.from(payload, 'base64')))
  expect(readFileSync(at('renewed/leaf.der'))).not.toEqual(readFileSync(at('first/leaf.der')))
  const other = await issue(two.url, 'other', '--previous', at('first/certificate.json'), ...trust)
  expect([other.exitCode, other.said['code']]).toEqual([1, 'cli.authority'])
  const blind = await issue(one.url, 'blind', '--previous', at('first/certificate.json'))
  expect([blind.exitCode, blind.said['code']]).toEqual([2, 'cli.usage'])
})

/** Options that name a signed status with these withdrawals, and the policy whose key signed it. */
async function statusOf(withdrawals: readonly string[], date?: number): Promise<string[]> {
  const name = `status-${withdrawals.length}${date === undefined ? '' : '-of-then'}`
  await blindllama('release', 'status', '--out', at(`${name}.json`), ...withdrawals)
  if (date !== undefined) {
    const envelope = JSON.parse(readFileSync(at(`${name}.json`), 'utf8')) as object
    const payload = Buffer.from(JSON.stringify({ ...documentIn(at(`${name}.json`)), date })).toString('base64')
    writeFileSync(at(`${name}.json`), JSON.stringify({ ...envelope, payload }))
  }
  await blindllama('release', 'sign', at(`${name}.json`), '--key', at('enroller.pem'))
  const vector = JSON.parse(
    readFileSync(new URL('../../../spec/vectors/bundles/ok-enrolment.json', import.meta.url), 'utf8'),
  ) as { policy: string }
  const signers = { keys: [{ key: scene.enroller, role: 'office' }], threshold: { office: 1 } }
  const policy = { ...(JSON.parse(vector.policy) as object), status: { maxAgeMs: 86_400_000, signers } }
  writeFileSync(at('policy.json'), JSON.stringify(policy))
  return ['--status', at(`${name}.json`), '--policy', at('policy.json')]
}

it('does not renew a certificate that the status revokes', async () => {
  const { issuer, serial } = documentIn(at('first/certificate.json'))
  const trust = await statusOf(['--revoke-serial', `${String(issuer)}:${String(serial)}`])
  const { exitCode, said } = await issue(one.url, 'revoked', '--previous', at('first/certificate.json'), ...trust)
  expect([exitCode, said['code']]).toEqual([1, 'cli.authority'])
  expect(said['detail']).toContain(String(serial))
  const unsigned = JSON.parse(readFileSync(at('status-0.json'), 'utf8')) as { signatures: unknown[] }
  writeFileSync(at('unsigned.json'), JSON.stringify({ ...unsigned, signatures: [] }))
  const forged = ['--status', at('unsigned.json'), '--policy', at('policy.json')]
  const refused = await issue(one.url, 'forged', '--previous', at('first/certificate.json'), ...forged)
  expect([refused.exitCode, refused.said['code']]).toEqual([1, 'cli.signers'])
})

it.each([
  ['older than the policy allows', -2 * 86_400_000],
  ['of the future', 3_600_000],
])('does not renew a certificate by a status that is %s', async (_, offsetMs) => {
  const then = await statusOf([], Date.now() + offsetMs)
  const { exitCode, said } = await issue(
    one.url,
    `stale${offsetMs}`,
    '--previous',
    at('first/certificate.json'),
    ...then,
  )
  expect([exitCode, said['code']]).toEqual([1, 'cli.authority'])
  expect(said['detail']).toContain('get the newest status')
})

it('certifies no TPM without a known root, and none of another kind', async () => {
  const none = at('no-roots.json')
  writeFileSync(none, JSON.stringify({ version: 1, roots: [], certificates: [] }))
  const unknown = await issue(one.url, 'unknown', '--roots', none)
  expect([unknown.exitCode, unknown.said['code']]).toEqual([1, 'cli.authority'])
  expect(unknown.said['detail']).toContain('unverified')
  const hardware = await issue(one.url, 'hardware', '--as', 'hardware')
  expect([hardware.exitCode, hardware.said['code']]).toEqual([1, 'cli.authority'])
  const unverified = await issue(one.url, 'unverified', '--as', 'unverified')
  expect([unverified.exitCode, unverified.said['code']]).toEqual([2, 'cli.usage'])
})

it('certifies no key of another TPM, and no answer to an earlier credential', async () => {
  let description: Answer | undefined
  const stolen = await between((answer) => {
    if ('endorsements' in answer) description = answer
    return answer
  }, one.url)
  expect((await issue(stolen, 'own')).exitCode).toBe(0)
  const mixed = await between(
    (answer) => ('akPublic' in answer ? { ...answer, endorsements: description?.['endorsements'] } : answer),
    two.url,
  )
  const other = await issue(mixed, 'mixed')
  expect([other.exitCode, other.said['code']]).toEqual([1, 'enrol.activation'])
  let earlier: Answer | undefined
  const replay = await between((answer) => {
    if ('secret' in answer) earlier ??= answer
    return 'secret' in answer ? (earlier ?? answer) : answer
  }, two.url)
  expect((await issue(replay, 'answered')).exitCode).toBe(0)
  const replayed = await issue(replay, 'replayed')
  expect([replayed.exitCode, replayed.said['code']]).toEqual([1, 'cli.enrolment'])
})

it('refuses a root of another key, a root that ends before the certificate, and a folder that exists', async () => {
  const another = ['--root', at('another.der'), '--name', 'Another', '--ca-key', at('another.pem'), '--days', '3']
  expect((await blindllama('ca', 'init', ...another)).exitCode).toBe(0)
  const mixed = await issue(one.url, 'mixed-root', '--root', at('another.der'))
  expect([mixed.exitCode, mixed.said['code']]).toEqual([1, 'cli.authority'])
  const short = await issue(one.url, 'short', '--root', at('another.der'), '--ca-key', at('another.pem'))
  expect([short.exitCode, short.said['code']]).toEqual([1, 'cli.authority'])
  expect(short.said['detail']).toContain('ends at')
  mkdirSync(at('there'))
  const there = await issue(one.url, 'there')
  expect([there.exitCode, there.said['code']]).toEqual([3, 'cli.exists'])
})

it('hands a certificate out only once its record is in the log', async () => {
  const tool = at('release-log')
  buildGo('services/release-log', tool)
  const keygen = async (name: string): Promise<string> =>
    (await blindllama('release', 'keygen', at(`${name}.pem`))).said['key'] as string
  const logKey = await keygen('log')
  await keygen('witness')
  const files = ['--key', at('witness.pem'), '--state', at('witness.state')]
  const args = ['witness', '--name', 'witness.example/a', ...files, '--log-origin', origin, '--log-key', logKey]
  const witness = scene.keep(
    new Child({ name: 'the witness', command: tool, args, log: at('witness.log'), signal: scene.signal }),
  )
  const address = await witness.line((line) => /^http:\S+\/$/.exec(line)?.[0], 20_000)
  const vkey = await witness.line((line) => /^witness\.example\S+$/.exec(line)?.[0], 20_000)
  writeFileSync(at('witnesses'), `witness a ${vkey} ${address}\nquorum a\n`)
  const authority = [
    '--root',
    at('root.der'),
    '--ca-key',
    at('ca.pem'),
    '--roots',
    roots,
    '--as',
    'software',
    '--key',
    at('enroller.pem'),
  ]
  const log = ['--log', at('log'), '--origin', origin, '--log-key', at('log.pem'), '--witnesses', at('witnesses')]
  const logged = async (out: string, program: string): Promise<Ran> =>
    blindllama('ca', 'issue', two.url, ...authority, '--out', at(out), ...log, '--tool', program)
  const published = await logged('logged', tool)
  expect(published.exitCode, JSON.stringify(published.said)).toBe(0)
  expect(readFileSync(at('logged/proof'), 'utf8')).toContain('c2sp.org/tlog-proof@v1')
  const refused = await logged('refused', '/bin/false')
  expect([refused.exitCode, refused.said['code']]).toEqual([3, 'cli.release'])
  expect(existsSync(at('refused/leaf.der'))).toBe(false)
  // The owner of the key finds each of its uses in the log.
  writeFileSync(at('known'), '')
  const monitor = ['monitor', '--log', at('log'), '--state', at('monitor.state'), '--known', at('known')]
  const watched = ['--origin', origin, '--log-key', logKey, '--key', scene.enroller, '--witness', vkey]
  const alarm = ((): string => {
    try {
      return execFileSync(tool, [...monitor, ...watched], { encoding: 'utf8' })
    } catch (error) {
      return (error as { stdout: string }).stdout
    }
  })()
  expect(JSON.parse(alarm)).toMatchObject({ alarm: 'entry', kind: 'certificate', sha256: published.said['sha256'] })
}, 180_000)

it('signs with a key that never leaves its token', async () => {
  const module = '/usr/lib/softhsm/libsofthsm2.so'
  mkdirSync(at('tokens'))
  writeFileSync(at('softhsm.conf'), `directories.tokendir = ${at('tokens')}\nobjectstore.backend = file\n`)
  const env = { SOFTHSM2_CONF: at('softhsm.conf'), BLINDLLAMA_PKCS11_PIN: '1234' }
  const run = (command: string, ...args: string[]): string =>
    execFileSync(command, args, { env: { ...process.env, ...env }, encoding: 'utf8', stdio: 'pipe' })
  run('softhsm2-util', '--init-token', '--free', '--label', 'ca', '--pin', '1234', '--so-pin', '123456')
  const login = ['--module', module, '--token-label', 'ca', '--login', '--pin', '1234']
  for (const id of ['01', '02'])
    run('pkcs11-tool', ...login, '--keypairgen', '--key-type', 'EC:prime256v1', '--label', 'authority', '--id', id)
  const key = (object: string): string[] => ['--pkcs11', module, '--token', 'ca', '--object', object]
  const root = ['--root', at('token.der'), '--name', 'Authority in a token']
  const made = await blindllamaWith(env, 'ca', 'init', ...root, ...key('01'))
  expect(made.exitCode, JSON.stringify(made.said)).toBe(0)
  const own = ['--key', at('enroller.pem'), '--as', 'software', '--unlogged', '--roots', roots]
  const issueWith = async (object: string, out: string, more: NodeJS.ProcessEnv = {}): Promise<Ran> =>
    blindllamaWith(
      { ...env, ...more },
      'ca',
      'issue',
      two.url,
      '--root',
      at('token.der'),
      ...key(object),
      '--out',
      at(out),
      ...own,
    )
  const issued = await issueWith('01', 'by-token')
  expect(issued.exitCode, JSON.stringify(issued.said)).toBe(0)
  const chain = ['chain', at('by-token/leaf.der'), at('by-token/root.der'), '--root-sha256']
  expect((await blindllama(...chain, made.said['rootSha256'] as string)).said['verdict']).toBe('accept')
  for (const [out, object, pin] of [
    ['other-object', '02', '1234'],
    ['no-object', '03', '1234'],
    ['wrong-pin', '01', '9999'],
  ] as const) {
    const refused = await issueWith(object, out, { BLINDLLAMA_PKCS11_PIN: pin })
    expect(refused.said['code'], out).toBe('cli.authority')
    expect(JSON.stringify(refused.said)).not.toContain(pin)
    expect(existsSync(at(`${out}/leaf.der`)), out).toBe(false)
  }
}, 120_000)

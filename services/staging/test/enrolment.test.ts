import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import '../../../tools/environment.ts'
import type { Child } from '../child.ts'
import { encodeEventLog } from '../event-log.ts'
import { attestationKeyName, startGateway, writeConfig } from '../gateway.ts'
import { softwareMaker, type SoftwareMaker, writeRoots } from '../manufacture.ts'
import { startSoftwareTpm, type SoftwareTpm } from '../swtpm.ts'

const folder: string = mkdtempSync(join(tmpdir(), 'blindllama-enrolment-'))
const at = (name: string): string => join(folder, name)
const abort = new AbortController()
const children: Child[] = []
const main: string = fileURLToPath(new URL('../../../packages/cli/src/main.ts', import.meta.url))
let maker: SoftwareMaker
let enroller: string
let url: string
let akName: string
let roots: string
/** Its own TPM, and its own budget of enrolments. */
let second: { url: string; akName: string }

interface Ran {
  exitCode: number
  said: Record<string, unknown>
}

/** A command line of `blindllama`, and its JSON. */
async function blindllama(...args: string[]): Promise<Ran> {
  const line = ['--import', import.meta.resolve('tsx'), main, ...args, '--json']
  const ended = promisify(execFile)(process.execPath, line)
  const { code, stdout } = await ended.then(
    (done) => ({ code: 0, stdout: done.stdout }),
    (error: unknown) => error as { code: number; stdout: string },
  )
  return { exitCode: code, said: JSON.parse(stdout) as Record<string, unknown> }
}

/** Enrols into the file `out`, which must not be there when that is refused. */
async function enrol(service: string, out: string, ...more: string[]): Promise<Ran> {
  const files = ['--roots', roots, '--key', at('enroller.pem'), '--out', at(out)]
  const ran = await blindllama('enrol', service, ...files, ...more)
  expect(existsSync(at(out)), `${out} after exit code ${ran.exitCode}`).toBe(ran.exitCode === 0)
  return ran
}

/** A gateway in front of a TPM, where the enroller may enrol. */
async function gateway(name: string, tpm: SoftwareTpm): Promise<{ url: string; akName: string }> {
  const own = at(name)
  const eventLog = join(own, 'event.log')
  writeFileSync(eventLog, encodeEventLog([]))
  const config = await writeConfig(own, {
    tcti: tpm.tcti,
    port: 0,
    upstream: { url: 'http://127.0.0.1:9', kind: 'in-image', prompt_cache: 'none' },
    origins: ['*'],
    eventLog,
    extra: { enrolment: { keys: [enroller] } },
  })
  const key = await attestationKeyName(config, abort.signal)
  const started = await startGateway(config, own, abort.signal)
  children.push(started.child)
  return { url: started.url, akName: key }
}

async function certifiedTpm(name: string): Promise<SoftwareTpm> {
  const own = at(name)
  execFileSync('mkdir', [own])
  const tpm = await startSoftwareTpm(own, abort.signal, maker)
  children.push(tpm.child)
  return tpm
}

/** By the schema of this name in spec/. */
function isValid(name: string, value: unknown): boolean {
  const schema = readFileSync(new URL(`../../../spec/${name}.schema.json`, import.meta.url), 'utf8')
  return new Ajv2020().compile(JSON.parse(schema) as object)(value)
}

const tool = (tpm: SoftwareTpm, name: string, ...args: string[]): Buffer =>
  execFileSync(name, ['-T', tpm.tcti, ...args], { stdio: ['ignore', 'pipe', 'ignore'] })

beforeAll(async () => {
  enroller = (await blindllama('release', 'keygen', at('enroller.pem'))).said['key'] as string
  maker = await softwareMaker(folder)
  const tpm = await certifiedTpm('one')
  // The maker certifies RSA and P-384; the P-256 key is certified by hand.
  certifyP256(tpm)
  roots = await writeRoots(at('roots.json'), maker)
  ;({ url, akName } = await gateway('one', tpm))
  second = await gateway('two', await certifiedTpm('two'))
}, 120_000)

afterAll(async () => {
  for (const child of children.toReversed()) await child.stop()
  abort.abort()
  rmSync(folder, { recursive: true, force: true })
})

const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })

/** Certifies the endorsement key of the template L-2 by an authority of its own, into NVRAM. */
function certifyP256(tpm: SoftwareTpm): void {
  tool(tpm, 'tpm2_createek', '-G', 'ecc', '-c', at('ek.ctx'), '-u', at('ek.pub'))
  tool(tpm, 'tpm2_readpublic', '-c', at('ek.ctx'), '-f', 'pem', '-o', at('ek.pem'))
  tool(tpm, 'tpm2_flushcontext', '-t')
  writeFileSync(
    at('openssl.conf'),
    [
      '[req]\ndistinguished_name=name\n[name]',
      '[root]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign',
      '[leaf]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyAgreement',
      'extendedKeyUsage=2.23.133.8.1\nsubjectAltName=critical,dirName:tpm',
      // OpenSSL drops what stands before the first dot of a name here.
      '[tpm]\n1.2.23.133.2.1=id:4D414B45\n2.2.23.133.2.2=by-hand\n3.2.23.133.2.3=id:00010001\n',
    ].join('\n'),
  )
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const root = ['-subj', '/CN=Maker by hand', '-extensions', 'root', '-keyout', 'root.key', '-out', 'root.pem']
  openssl('req', '-x509', '-config', 'openssl.conf', ...ec, ...root, '-days', '30')
  openssl('req', '-new', '-config', 'openssl.conf', ...ec, '-subj', '/CN=TPM', '-keyout', 'any.key', '-out', 'any.csr')
  const leaf = ['-force_pubkey', 'ek.pem', '-extfile', 'openssl.conf', '-extensions', 'leaf', '-days', '30']
  openssl(
    'x509',
    '-req',
    '-in',
    'any.csr',
    '-CA',
    'root.pem',
    '-CAkey',
    'root.key',
    ...leaf,
    '-outform',
    'DER',
    '-out',
    'ek.der',
  )
  const size = String(readFileSync(at('ek.der')).length)
  tool(tpm, 'tpm2_nvdefine', '0x01C0000A', '-C', 'o', '-s', size, '-a', 'ownerwrite|ownerread|authread|no_da')
  tool(tpm, 'tpm2_nvwrite', '0x01C0000A', '-C', 'o', '-i', at('ek.der'))
}

it('enrols the key of a software TPM as what its maker is, with what the certificate says', async () => {
  const { exitCode, said } = await enrol(url, 'software.json', '--as', 'software')
  expect(exitCode, JSON.stringify(said)).toBe(0)
  expect(said).toMatchObject({
    akName,
    result: 'software',
    template: 'rsa-2048',
    rootName: 'swtpm-localca of this machine',
    manufacturer: 'id:00001014',
    model: 'swtpm',
    signer: enroller,
  })
  const envelope = JSON.parse(readFileSync(at('software.json'), 'utf8')) as Record<string, string>
  expect(envelope['payloadType']).toBe('application/vnd.blindllama.enrolment.v1+json')
  const payload = Buffer.from(envelope['payload'] ?? '', 'base64')
  expect(createHash('sha256').update(payload).digest('hex')).toBe(said['sha256'])
  expect(isValid('enrolment', JSON.parse(payload.toString()))).toBe(true)
  expect(isValid('enrolment-roots', JSON.parse(readFileSync(roots, 'utf8')))).toBe(true)
  const shown = await blindllama('release', 'show', at('software.json'))
  expect(shown.said['signatures']).toEqual([{ key: enroller, good: true }])
})

it('refuses to enrol a software TPM as hardware', async () => {
  const { exitCode, said } = await enrol(url, 'hardware.json')
  expect([exitCode, said['code']]).toEqual([1, 'cli.enrolment'])
  expect(said['detail']).toContain('of the kind software')
})

it('calls a TPM unverified whose root is not at hand, and takes that for no hardware', async () => {
  const none = at('no-roots.json')
  writeFileSync(none, JSON.stringify({ version: 1, roots: [], certificates: [] }))
  const refused = await enrol(url, 'unknown.json', '--roots', none)
  expect([refused.exitCode, refused.said['code']]).toEqual([1, 'cli.enrolment'])
  expect(refused.said['detail']).toContain('unverified')
  const { exitCode, said } = await enrol(url, 'unverified.json', '--roots', none, '--as', 'unverified')
  expect([exitCode, said['result'], said['rootSha256']]).toEqual([0, 'unverified', undefined])
  const { payload } = JSON.parse(readFileSync(at('unverified.json'), 'utf8')) as { payload: string }
  expect(isValid('enrolment', JSON.parse(Buffer.from(payload, 'base64').toString()))).toBe(true)
})

it('makes a record that a policy can name, where the author calls the maker one of hardware', async () => {
  const forged = await writeRoots(at('forged.json'), maker, 'hardware')
  const { said } = await enrol(url, 'named.json', '--roots', forged)
  const policy = JSON.parse(
    readFileSync(new URL('../../../spec/vectors/bundles/ok-enrolment.json', import.meta.url), 'utf8'),
  ) as { policy: string }
  const pinned = JSON.parse(policy.policy) as { anchors: object[] }
  const anchor = { kind: 'ak-name', name: akName, assurance: 'hardware-tpm', enrolment: [said['sha256']] }
  writeFileSync(at('policy.json'), JSON.stringify({ ...pinned, anchors: [anchor] }))
  const checked = await blindllama('enrol', 'check', at('named.json'), '--policy', at('policy.json'), '--roots', forged)
  expect([checked.exitCode, checked.said['result']]).toEqual([0, 'named'])
  const withTruth = await blindllama(
    'enrol',
    'check',
    at('named.json'),
    '--policy',
    at('policy.json'),
    '--roots',
    roots,
  )
  expect([withTruth.exitCode, withTruth.said['code']]).toEqual([1, 'cli.enrolment'])
})

type Answer = Record<string, unknown>

/** A service in front of the gateway that changes its answers to signed requests. */
async function between(change: (answer: Answer) => Answer, base = url): Promise<string> {
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', async () => {
      const body = Buffer.concat(parts)
      const asked = request.method === 'POST' ? (JSON.parse(body.toString()) as Answer) : undefined
      const path = new URL(request.url ?? '', base)
      const answer = await fetch(path, asked ? { method: 'POST', body } : {})
      const text = (await answer.json()) as Answer
      response.writeHead(answer.status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(asked && answer.ok ? change(text) : text))
    })
  })
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** The templates that the gateway tells of, with all but these left out. */
const only =
  (...names: string[]) =>
  (answer: Answer): Answer => {
    const { endorsements } = answer as { endorsements?: { template: string }[] }
    if (!endorsements) return answer
    return { ...answer, endorsements: endorsements.filter(({ template }) => names.includes(template)) }
  }

it('has the TPM itself confirm credentials for both curves', async () => {
  const p384 = await enrol(await between(only('ecc-p384')), 'p384.json', '--as', 'software')
  expect([p384.exitCode, p384.said['template'], p384.said['model']]).toEqual([0, 'ecc-p384', 'swtpm'])
  const root = execFileSync('openssl', ['x509', '-in', at('root.pem'), '-outform', 'DER'])
  const sha256 = createHash('sha256').update(root).digest('hex')
  writeFileSync(
    at('by-hand.json'),
    JSON.stringify({ version: 1, roots: [{ name: 'by hand', kind: 'virtual', sha256 }] }),
  )
  const more = ['--roots', at('by-hand.json'), '--certificates', at('root.pem'), '--as', 'virtual']
  const p256 = await enrol(url, 'p256.json', ...more)
  expect([p256.exitCode, p256.said['template'], p256.said['model']]).toEqual([0, 'ecc-p256', 'by-hand'])
})

it('refuses the certificate of another TPM, and the attestation key of another TPM', async () => {
  let description: Answer | undefined
  const stolen = (answer: Answer): Answer => {
    if ('endorsements' in answer) description = answer
    return answer
  }
  const two = await enrol(await between(stolen, second.url), 'two.json', '--as', 'software')
  expect(two.said['akName']).toBe(second.akName)
  for (const member of ['endorsements', 'akPublic']) {
    const mixed = await between((answer) =>
      member in answer ? { ...answer, [member]: description?.[member] } : answer,
    )
    const { exitCode, said } = await enrol(mixed, `mixed-${member}.json`, '--as', 'software')
    expect([exitCode, said['code']], member).toEqual([1, 'enrol.activation'])
  }
}, 60_000)

it('refuses the answer to an earlier credential', async () => {
  let earlier: Answer | undefined
  const replay = await between((answer) => {
    if (!('secret' in answer)) return answer
    earlier ??= answer
    return earlier
  }, second.url)
  expect((await enrol(replay, 'first.json', '--as', 'software')).exitCode).toBe(0)
  const { exitCode, said } = await enrol(replay, 'replayed.json', '--as', 'software')
  expect([exitCode, said['code']]).toEqual([1, 'cli.enrolment'])
})

it('lets nobody enrol whose key the gateway does not name', async () => {
  await blindllama('release', 'keygen', at('stranger.pem'))
  const { exitCode, said } = await enrol(
    second.url,
    'stranger.json',
    '--access-key',
    at('stranger.pem'),
    '--as',
    'software',
  )
  expect([exitCode, said['code']]).toEqual([3, 'enrol.refused'])
})

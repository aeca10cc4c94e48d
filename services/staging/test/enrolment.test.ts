import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import '../../../tools/environment.ts'
import { writeRoots } from '../manufacture.ts'
import type { SoftwareTpm } from '../swtpm.ts'
import {
  type Answer,
  between,
  blindllama,
  type EnrollingGateway,
  EnrolmentScene,
  isValid,
  type Ran,
  tpmTool as tool,
} from './enrolling.ts'

let scene: EnrolmentScene
const at = (name: string): string => scene.at(name)
let url: string
let akName: string
let roots: string
/** Its own TPM, and its own budget of enrolments. */
let second: EnrollingGateway

/** Enrols into the file `out`, which must not be there when that is refused. */
async function enrol(service: string, out: string, ...more: string[]): Promise<Ran> {
  const files = ['--roots', roots, '--key', at('enroller.pem'), '--out', at(out)]
  const ran = await blindllama('enrol', service, ...files, ...more)
  expect(existsSync(at(out)), `${out} after exit code ${ran.exitCode}`).toBe(ran.exitCode === 0)
  return ran
}

beforeAll(async () => {
  scene = await EnrolmentScene.make()
  const tpm = await scene.certifiedTpm('one')
  // The maker certifies RSA and P-384; the P-256 key is certified by hand.
  certifyP256(tpm)
  roots = await writeRoots(at('roots.json'), scene.maker)
  ;({ url, akName } = await scene.gateway('one', tpm))
  second = await scene.gateway('two', await scene.certifiedTpm('two'))
}, 120_000)

afterAll(async () => {
  await scene.stop()
})

const openssl = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd: scene.folder, stdio: 'pipe' })

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
    signer: scene.enroller,
  })
  const envelope = JSON.parse(readFileSync(at('software.json'), 'utf8')) as Record<string, string>
  expect(envelope['payloadType']).toBe('application/vnd.blindllama.enrolment.v1+json')
  const payload = Buffer.from(envelope['payload'] ?? '', 'base64')
  expect(createHash('sha256').update(payload).digest('hex')).toBe(said['sha256'])
  expect(isValid('enrolment', JSON.parse(payload.toString()))).toBe(true)
  expect(isValid('enrolment-roots', JSON.parse(readFileSync(roots, 'utf8')))).toBe(true)
  const shown = await blindllama('release', 'show', at('software.json'))
  expect(shown.said['signatures']).toEqual([{ key: scene.enroller, good: true }])
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
  const forged = await writeRoots(at('forged.json'), scene.maker, 'hardware')
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

/** The templates that the gateway tells of, with all but these left out. */
const only =
  (...names: string[]) =>
  (answer: Answer): Answer => {
    const { endorsements } = answer as { endorsements?: { template: string }[] }
    if (!endorsements) return answer
    return { ...answer, endorsements: endorsements.filter(({ template }) => names.includes(template)) }
  }

it('has the TPM itself confirm credentials for both curves', async () => {
  const p384 = await enrol(await between(only('ecc-p384'), url), 'p384.json', '--as', 'software')
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
    const mixed = await between(
      (answer) => (member in answer ? { ...answer, [member]: description?.[member] } : answer),
      url,
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

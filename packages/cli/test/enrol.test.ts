import { createServer } from 'node:http'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { signed, unsigned, writeEnvelope } from '../src/release/envelope.js'
import { readKey } from '../src/release/keys.js'
import { file, inProcess, type Ran, vector } from './support/run.js'
import { at, keygen, parsed } from './support/signing.js'

const digest = (digit: string): string => digit.repeat(64)
const hardware = {
  akName: `000b${digest('1')}`,
  akPublicSha256: digest('2'),
  result: 'hardware',
  template: 'rsa-2048',
  ekCertificateSha256: digest('3'),
  rootSha256: digest('4'),
  rootName: 'Example TPM Root CA',
  manufacturer: 'id:00001014',
  model: 'example',
  firmware: 'id:00010002',
  date: Date.now() - 1000,
}

let enroller: string
beforeAll(async () => {
  enroller = await keygen('enroller')
})

/** A record in a file. @returns its SHA-256 */
async function record(name: string, change: object = {}): Promise<string> {
  const document = unsigned('enrolment', { ...hardware, ...change })
  await writeEnvelope(at(name), signed(document, await readKey(at('enroller.pem'))))
  return parsed<{ sha256: string }>(await inProcess('release', 'show', at(name), '--json')).sha256
}

/** A policy whose one anchor is this. */
function policy(name: string, anchor: object): string {
  const base = JSON.parse(vector('ok-ecc').policy) as Record<string, unknown>
  return file(name, JSON.stringify({ ...base, anchors: [anchor] }))
}

const anchor = (enrolment: string[], names = [hardware.akName]): object => ({
  kind: 'ak-name',
  names,
  assurance: 'hardware-tpm',
  enrolment,
})

async function check(name: string, policyFile: string, ...more: string[]): Promise<Ran> {
  return inProcess('enrol', 'check', at(name), '--policy', policyFile, ...more, '--json')
}

function code(ran: Ran): string {
  return parsed<{ code: string }>(ran).code
}

it('checks that the record is the one that the policy names for its Name', async () => {
  const sha256 = await record('record.json')
  const named = await check('record.json', policy('named.json', anchor([sha256])), '--enroller', enroller)
  expect(named).toMatchObject({ exitCode: 0 })
  expect(parsed(named)).toEqual({ result: 'named', sha256, signers: [enroller], record: hardware })
  const other = `000b${digest('9')}`
  for (const [policyFile, message] of [
    [policy('other-record.json', anchor([digest('a')])), /its SHA-256 is/],
    [policy('other-name.json', anchor([sha256], [other])), /for another key/],
    [policy('crossed.json', anchor([sha256, digest('a')], [other, hardware.akName])), /for another key/],
    [policy('none.json', { kind: 'ak-name', name: hardware.akName, assurance: 'hardware-tpm' }), /names no record/],
    [policy('unknown.json', { kind: 'ak-name', name: other, assurance: 'hardware-tpm' }), /no anchor/],
  ] as const) {
    const refused = await check('record.json', policyFile)
    expect([refused.exitCode, code(refused)], policyFile).toEqual([1, 'cli.enrolment'])
    expect(parsed<{ detail: string }>(refused).detail).toMatch(message)
  }
})

it('takes a virtual one for a cloud, and nothing for an operator', async () => {
  const sha256 = await record('virtual.json', { result: 'virtual' })
  const of = (assurance: string): string => policy(`of-${assurance}.json`, { ...anchor([sha256]), assurance })
  expect((await check('virtual.json', of('cloud-vtpm'))).exitCode).toBe(0)
  expect((await check('virtual.json', of('hardware-tpm'))).exitCode).toBe(1)
  expect((await check('virtual.json', of('operator-ca'))).exitCode).toBe(1)
})

it('finds the record among the members of an allOf', async () => {
  const sha256 = await record('joint.json')
  const root = { kind: 'custom-ca', rootSha256: digest('c') }
  expect((await check('joint.json', policy('joint-policy.json', { allOf: [root, anchor([sha256])] }))).exitCode).toBe(0)
})

it('refuses a record that was changed, is of another, is too old, or is not of hardware', async () => {
  const sha256 = await record('good.json')
  const named = policy('good-policy.json', anchor([sha256]))
  const envelope = JSON.parse(readFileSync(at('good.json'), 'utf8')) as { payload: string }
  const payload = Buffer.from(envelope.payload, 'base64').toString('utf8').replace('"hardware"', '"virtual"')
  writeFileSync(at('changed.json'), JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString('base64') }))
  const changed = await check('changed.json', named)
  expect([changed.exitCode, code(changed)]).toEqual([1, 'cli.signers'])
  const stranger = await check('good.json', named, '--enroller', digest('e'))
  expect([stranger.exitCode, code(stranger)]).toEqual([1, 'cli.enrolment'])

  for (const [name, change, more] of [
    ['software.json', { result: 'software' }, []],
    ['unverified.json', { result: 'unverified', rootSha256: undefined, rootName: undefined }, []],
    ['future.json', { date: Date.now() + 3_600_000 }, []],
    ['old.json', { date: Date.now() - 10 * 86_400_000 }, ['--max-age-days', '9']],
  ] as const) {
    const own = await record(name, change)
    const refused = await check(name, policy(`of-${name}`, anchor([own])), ...more)
    expect([refused.exitCode, code(refused)], name).toEqual([1, 'cli.enrolment'])
  }
  const old = await record('old.json', { date: Date.now() - 10 * 86_400_000 })
  expect((await check('old.json', policy('of-old.json', anchor([old])), '--max-age-days', '11')).exitCode).toBe(0)
})

/** A roots file with one root. */
const roots = (kind: string, sha256: string): string =>
  file('list.json', JSON.stringify({ version: 1, roots: [{ name: 'x', kind, sha256 }] }))

it('refuses a record whose root is no longer one of hardware in the list', async () => {
  const sha256 = await record('rooted.json')
  const named = policy('rooted-policy.json', anchor([sha256]))
  expect((await check('rooted.json', named, '--roots', roots('hardware', digest('4')))).exitCode).toBe(0)
  expect((await check('rooted.json', named, '--roots', roots('software', digest('4')))).exitCode).toBe(1)
  expect((await check('rooted.json', named, '--roots', roots('hardware', digest('5')))).exitCode).toBe(1)
})

it.each([
  ['member', { more: 1 }],
  ['result', { result: 'genuine' }],
  ['Name', { akName: digest('1') }],
  ['root', { rootSha256: undefined }],
  ['date', { date: '2026' }],
  ['template', { template: 'rsa-1024' }],
])('takes no record with another %s', async (name, change) => {
  const sha256 = await record(`odd-${name}.json`, change)
  const ran = await check(`odd-${name}.json`, policy(`odd-policy-${name}.json`, anchor([sha256])))
  expect([ran.exitCode, code(ran)]).toEqual([3, 'cli.enrolment'])
})

it.each([
  ['no JSON', '{'],
  ['another version', JSON.stringify({ version: 2, roots: [] })],
  ['an unknown member', JSON.stringify({ version: 1, roots: [], root: [] })],
  ['an unknown kind', JSON.stringify({ version: 1, roots: [{ name: 'a', kind: 'genuine', sha256: digest('a') }] })],
  ['a digest that is none', JSON.stringify({ version: 1, roots: [{ name: 'a', kind: 'hardware', sha256: 'aa' }] })],
  [
    'one root twice',
    JSON.stringify({ version: 1, roots: [1, 2].map(() => ({ name: 'a', kind: 'hardware', sha256: digest('a') })) }),
  ],
  ['a certificate that is no base64', JSON.stringify({ version: 1, roots: [], certificates: ['%'] })],
])('refuses a roots file with %s before it asks anybody', async (what, text) => {
  const list = file(`roots-${what}.json`, text)
  const ran = await enrolAt('http://127.0.0.1:9/', list)
  expect([ran.exitCode, code(ran)]).toEqual([3, 'cli.enrolment'])
})

async function enrolAt(url: string, rootsFile: string, ...more: string[]): Promise<Ran> {
  const files = ['--roots', rootsFile, '--key', at('enroller.pem'), '--out', at('enrolled.json')]
  return inProcess('enrol', url, ...files, ...more, '--json')
}

it('names what is missing of the command line', async () => {
  expect((await inProcess('enrol')).exitCode).toBe(2)
  expect((await inProcess('enrol', 'check', 'x')).exitCode).toBe(2)
  const list = file('empty-roots.json', JSON.stringify({ version: 1, roots: [] }))
  expect((await enrolAt('ftp://x/', list)).exitCode).toBe(2)
  expect((await enrolAt('http://127.0.0.1:9/', list, '--as', 'genuine')).exitCode).toBe(2)
})

/** A gateway that answers what it is told, in this order. */
async function answering(...answers: [status: number, body: string][]): Promise<string> {
  const server = createServer((_, response) => {
    const [status, body] = answers.shift() ?? [500, '']
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  onTestFinished(() => void server.close())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const challenge: [number, string] = [
  200,
  JSON.stringify({ version: 1, challenge: Buffer.alloc(32).toString('base64url') }),
]

it.each([
  ['a service without enrolment', [[404, '{"code":"request.not_found"}']], 'evidence.status', 3],
  ['a page in place of it', [[200, '<html>']], 'evidence.status', 3],
  ['a key that may not', [challenge, [403, '{"code":"enrol.refused","title":"x"}']], 'enrol.refused', 3],
  ['a TPM that is busy', [challenge, [503, '{"code":"enrol.busy","title":"x"}']], 'enrol.busy', 3],
  ['an answer without its members', [challenge, [200, '{}']], 'evidence.status', 3],
  ['no certificate in its list', [challenge, [200, '{"akPublic":"AA","endorsements":[null]}']], 'cli.enrolment', 1],
  ['a TPM without certificates', [challenge, [200, '{"akPublic":"AA","endorsements":[]}']], 'cli.enrolment', 1],
  [
    'a key that is none',
    [challenge, [200, '{"akPublic":"AA","endorsements":[{"template":"rsa-2048","certificate":"MAA"}]}']],
    'ak.syntax',
    1,
  ],
] as [string, [number, string][], string, number][])(
  'ends without a record at %s',
  async (_, answers, expected, exitCode) => {
    const list = file('no-roots.json', JSON.stringify({ version: 1, roots: [] }))
    const ran = await enrolAt(await answering(...answers), list, '--as', 'unverified')
    expect([code(ran), ran.exitCode]).toEqual([expected, exitCode])
    expect(existsSync(at('enrolled.json'))).toBe(false)
  },
)

it('asks again where another enrolment took its challenge, and not for ever', async () => {
  const list = file('no-roots.json', JSON.stringify({ version: 1, roots: [] }))
  const taken: [number, string] = [403, '{"code":"enrol.challenge","title":"x"}']
  const last: [number, string] = [503, '{"code":"enrol.busy","title":"x"}']
  expect(code(await enrolAt(await answering(challenge, taken, challenge, taken, challenge, last), list))).toBe(
    'enrol.busy',
  )
  const always = [challenge, taken, challenge, taken, challenge, taken, challenge, last] as [number, string][]
  expect(code(await enrolAt(await answering(...always), list))).toBe('enrol.challenge')
})

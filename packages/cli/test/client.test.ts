import { createHash, createPrivateKey, sign } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { beforeAll, expect, it } from 'vitest'
import { file, folder, type Ran } from './support/run.js'
import { at, keygen, parsed, policyWith, release } from './support/signing.js'

const keys: Record<string, string> = {}
const key = (name: string): string => keys[name] ?? ''
const origin = 'log.example/client'
const witnesses = ['a', 'b', 'c'] as const
const nameOf = (witness: string): string => `witness.example/${witness}`
const hash = (...parts: readonly (string | Uint8Array)[]): Buffer =>
  parts.reduce((sum, part) => sum.update(part), createHash('sha256')).digest()
let policy: string

const dist = (): string => at('dist')

beforeAll(async () => {
  for (const name of ['developer', 'auditor', 'log', 'mallory', ...witnesses]) keys[name] = await keygen(name)
  const signers = ['developer', 'auditor'].map((role) => ({ role, key: key(role) }))
  policy = policyWith(
    'client.policy',
    { keys: signers, threshold: { developer: 1, auditor: 1 } },
    {
      log: {
        origin,
        key: key('log'),
        witnesses: witnesses.map((name) => ({ name: nameOf(name), key: key(name) })),
        threshold: 2,
      },
    },
  )
  mkdirSync(at('dist/parts'), { recursive: true })
  file('dist/index.js', 'index')
  file('dist/parts/verifier.wasm', 'wasm')
  file('dist/index.d.ts', 'types')
  rmSync(at('client.json'), { force: true })
  const made = await release('client', dist(), '--out', at('client.json'), ...about)
  expect(made).toMatchObject({ exitCode: 0, err: '' })
  await release('sign', at('client.json'), '--key', at('developer.pem'))
  const { sha256 } = parsed<{ sha256: string }>(await release('show', at('client.json'), '--json'))
  const auditor = ['--key', at('auditor.pem'), '--sha256', sha256, '--policy', policy]
  expect(await release('countersign', at('client.json'), ...auditor)).toMatchObject({ exitCode: 0, err: '' })
})

const about = ['--name', 'web-sdk', '--source-commit', 'c0'.repeat(20), '--from', '1790000000000']

interface Document {
  payloadType: string
  payload: string
  signatures: { keyid: string; sig: string }[]
}

const envelope = (): Document => JSON.parse(readFileSync(at('client.json'), 'utf8')) as Document

/** A line of C2SP signed-note: the id of a key by its name, and what it signed. */
function line(name: string, algorithm: number, signer: string, text: string, time?: bigint): string {
  const stamp = Buffer.alloc(8)
  if (time !== undefined) stamp.writeBigUInt64BE(time)
  const message = time === undefined ? text : `cosignature/v1\ntime ${time}\n${text}`
  const id = hash(name, Uint8Array.of(0x0a, algorithm), Buffer.from(key(signer), 'hex')).subarray(0, 4)
  const signature = sign(null, Buffer.from(message), createPrivateKey(readFileSync(at(`${signer}.pem`))))
  const bytes = Buffer.concat([id, ...(time === undefined ? [] : [stamp]), signature])
  return `\u2014 ${name} ${bytes.toString('base64')}\n`
}

interface Logged {
  readonly name?: string
  readonly log?: string
  readonly witnesses?: readonly string[]
  readonly entry?: Uint8Array
  readonly change?: (proof: string) => string
}

/** A proof for a log of this one entry, PROTOCOL.md §19.6. */
function proof({ name = origin, log = 'log', witnesses: seen = ['a', 'b'], entry, change }: Logged = {}): string {
  const { payloadType, payload, signatures } = envelope()
  const text = Buffer.from(payload, 'base64')
  const signed = signatures.flatMap(({ keyid, sig }) => [Buffer.from(keyid, 'hex'), Buffer.from(sig, 'base64')])
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${text.length} `
  const root = hash(Uint8Array.of(0), entry ?? Buffer.concat([Buffer.from(head), text, ...signed]))
  const checkpoint = `${name}\n1\n${root.toString('base64')}\n`
  const cosigned = seen.map((witness) => line(nameOf(witness), 4, witness, checkpoint, 1_790_000_000n))
  const whole = `c2sp.org/tlog-proof@v1\nindex 0\n\n${checkpoint}\n${line(name, 1, log, checkpoint)}${cosigned.join('')}`
  return file('client.proof', change === undefined ? whole : change(whole))
}

const shownWith = async (proofFile: string): Promise<Ran> =>
  release('show', at('client.json'), '--policy', policy, '--proof', proofFile, '--json')

const fileOf = (path: string, content: string): object => ({
  path,
  sha256: hash(content).toString('hex'),
  integrity: `sha384-${createHash('sha384').update(content).digest('base64')}`,
})

it('names every file that runs in pages, with its hash and the value for integrity', async () => {
  const { document, signatures, roles } = parsed<{ document: object; signatures: object[]; roles: object[] }>(
    await release('show', at('client.json'), '--policy', policy, '--json'),
  )
  expect(document).toEqual({
    name: 'web-sdk',
    date: 1_790_000_000_000,
    sourceCommit: 'c0'.repeat(20),
    files: [fileOf('dist/index.js', 'index'), fileOf('dist/parts/verifier.wasm', 'wasm')],
  })
  expect(signatures).toHaveLength(2)
  expect(roles).toEqual([
    { role: 'developer', signed: 1, needed: 1 },
    { role: 'auditor', signed: 1, needed: 1 },
  ])
})

it('is in the log of the policy, as enough witnesses saw it', async () => {
  const shown = await shownWith(proof())
  expect(shown).toMatchObject({ exitCode: 0, err: '' })
  expect(parsed(shown)).toMatchObject({ logged: origin })
  expect((await shownWith(proof({ witnesses: ['a', 'b', 'c'] }))).exitCode).toBe(0)
})

it.each<[string, Logged]>([
  ['release.log_origin', { name: 'log.example/other' }],
  ['release.log_signature', { log: 'mallory' }],
  ['release.log_witness', { witnesses: ['a'] }],
  ['release.log_witness', { witnesses: ['a', 'a'] }],
  ['release.log_inclusion', { entry: Buffer.from('another document') }],
  ['release.log_format', { change: (text) => text.replace('@v1', '@v2') }],
  ['release.log_format', { change: (text) => text.slice(0, -1) }],
  ['release.log_witness', { change: (text) => text.replace(/(\u2014 witness\S+ \S{40})./, '$1!') }],
])('is refused with %s for a proof with %j', async (code, logged) => {
  const { exitCode, out } = await shownWith(proof(logged))
  expect(exitCode).toBe(1)
  expect(parsed({ exitCode, out, err: '' })).toMatchObject({ code })
})

it('needs the signatures of the policy before its log counts, and no proof without a policy', async () => {
  rmSync(at('unsigned-client.json'), { force: true })
  await release('client', dist(), '--out', at('unsigned-client.json'), ...about)
  await release('sign', at('unsigned-client.json'), '--key', at('developer.pem'))
  const shown = await release('show', at('unsigned-client.json'), '--policy', policy, '--proof', proof(), '--json')
  expect(shown.exitCode).toBe(1)
  expect((await release('show', at('client.json'), '--proof', proof())).exitCode).toBe(2)
})

it('is not made of a folder without files that run', async () => {
  mkdirSync(at('empty'), { recursive: true })
  const { exitCode, err } = await release('client', at('empty'), '--out', `${folder}/none.json`, ...about)
  expect([exitCode, err]).toEqual([2, expect.stringContaining('has 0 files that run in pages')])
})

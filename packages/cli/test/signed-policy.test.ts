import { createPublicKey, verify } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { file, inProcess, type Ran, vector } from './support/run.js'
import { at, keygen, release, sha256Of, signersOf } from './support/signing.js'

interface Envelope {
  payloadType: string
  payload: string
  signatures: { keyid: string; sig: string }[]
}

const policy = vector('ok-ecc').policy
const dayMs = 86_400_000
const signPolicy = async (...args: string[]): Promise<Ran> =>
  inProcess('policy', 'sign', file('to-sign.json', policy), ...args)
const read = (name: string): Envelope => JSON.parse(readFileSync(at(name), 'utf8')) as Envelope

it('writes a policy, byte for byte, under a signature that anybody can check, and says what the tag needs', async () => {
  const key = await keygen('page')
  const began = Date.now()
  const { exitCode, out } = await signPolicy('--key', at('page.pem'), '--out', at('signed.json'), '--days', '7')
  expect(exitCode).toBe(0)
  expect(out).toContain(`data-policy-keys="${key}"`)
  expect(out).toContain('policy.pcrs.bank')
  const { payloadType, payload, signatures } = read('signed.json')
  const bytes = Buffer.from(payload, 'base64')
  const document = JSON.parse(bytes.toString('utf8')) as { date: number; notAfter: number; policy: string }
  expect(document).toEqual({ date: document.date, notAfter: document.date + 7 * dayMs, policy })
  expect(document.date).toBeGreaterThanOrEqual(began)
  expect(payloadType).toBe('application/vnd.blindllama.policy.v1+json')
  expect(signatures.map(({ keyid }) => keyid)).toEqual([key])
  const spki = Buffer.from(`302a300506032b6570032100${key}`, 'hex')
  const message = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${bytes.length} `), bytes])
  const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' })
  expect(verify(null, message, publicKey, Buffer.from(signatures[0]?.sig ?? '', 'base64'))).toBe(true)
})

it('is signed by a second key once the document was reviewed', async () => {
  const keys = [await keygen('first'), await keygen('second')]
  await signPolicy('--key', at('first.pem'), '--out', at('both.json'))
  expect((await release('sign', at('both.json'), '--key', at('second.pem'))).exitCode).toBe(2)
  const reviewed = await sha256Of('both.json')
  const more = await release('sign', at('both.json'), '--key', at('second.pem'), '--sha256', reviewed)
  expect(more.exitCode).toBe(0)
  expect(await signersOf('both.json')).toEqual(keys)
})

it('never replaces a signed policy', async () => {
  await keygen('again')
  await signPolicy('--key', at('again.pem'), '--out', at('kept.json'))
  const before = readFileSync(at('kept.json'), 'utf8')
  const { exitCode, err } = await signPolicy('--key', at('again.pem'), '--out', at('kept.json'))
  expect([exitCode, err]).toEqual([3, expect.stringContaining('(cli.exists)')])
  expect(readFileSync(at('kept.json'), 'utf8')).toBe(before)
})

it.each(['0', '367', '-1', 'x'])('refuses a validity of %s days', async (days) => {
  await keygen(`days${days}`)
  const { exitCode } = await signPolicy('--key', at(`days${days}.pem`), '--out', at('none.json'), `--days=${days}`)
  expect(exitCode).toBe(2)
  expect(existsSync(at('none.json'))).toBe(false)
})

it('signs no policy that no verifier reads, also not as a second key', async () => {
  await keygen('strict')
  const broken = file('broken.json', policy.replace('"version":1', '"version":1,"version":1'))
  const args = ['--key', at('strict.pem'), '--out', at('never.json')]
  expect(await inProcess('policy', 'sign', broken, ...args)).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining('(policy.syntax)') as string,
  })
  expect(existsSync(at('never.json'))).toBe(false)
  const payload = Buffer.from(JSON.stringify({ date: 1, notAfter: 2, policy: '{}' })).toString('base64')
  const other = { payloadType: 'application/vnd.blindllama.policy.v1+json', payload, signatures: [] }
  writeFileSync(at('other.json'), JSON.stringify(other))
  const { exitCode, err } = await release('sign', at('other.json'), '--key', at('strict.pem'))
  expect([exitCode, err]).toEqual([3, expect.stringContaining('policy.')])
  expect(read('other.json').signatures).toEqual([])
})

it.each([
  ['policy', 'check'],
  ['policy', 'explain'],
  ['verify', 'x.json', '--policy'],
])('is told from a policy by %s %s', async (...words) => {
  const key = `plain-${words.length}-${words[1]}`
  await keygen(key)
  await signPolicy('--key', at(`${key}.pem`), '--out', at(`${key}.json`))
  const { exitCode, err } = await inProcess(...words, at(`${key}.json`))
  expect([exitCode, err]).toEqual([2, expect.stringContaining('is a signed policy. Name the policy that was signed')])
})

it('is no document that release keys of a policy sign', async () => {
  const key = await keygen('release')
  await signPolicy('--key', at('release.pem'), '--out', at('page.json'))
  const keys = [{ key, role: 'developer' }]
  const trust = file(
    'trust.json',
    JSON.stringify({ ...JSON.parse(policy), releaseKeys: { keys, threshold: { developer: 1 } } }),
  )
  const { exitCode, err } = await release('show', at('page.json'), '--policy', trust)
  expect([exitCode, err]).toEqual([2, expect.stringContaining('names no keys that sign a policy')])
})

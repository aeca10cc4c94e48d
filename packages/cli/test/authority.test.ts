import { generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { expect, it } from 'vitest'
import type { AuthorityKey } from '../src/ca/authority-key.js'
import { makeRoot } from '../src/ca/certificate.js'
import { type Demands, issue, type Issued } from '../src/ca/issue.js'
import { publicKeyOf } from '../src/ca/public-key.js'
import { recordOf } from '../src/ca/record.js'
import { loadInspector } from '../src/verifier.js'
import { akPublic, type Fake, issuer, now, root as vendor, roots, service } from './support/enrolment.js'

// That a TPM decrypts the credential, and that pages accept the chain, services/staging/test/authority.test.ts shows.
const dayMs = 86_400_000
const inspector = loadInspector()

function newKey(): AuthorityKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { publicKey, sign: async (message) => sign('sha256', message, privateKey) }
}

const key = newKey()
const root = await makeRoot(key, 'Authority', { notBefore: now() - dayMs, notAfter: now() + 10 * dayMs })

async function issued(fake: Fake = {}, demands: Partial<Demands> = {}, list = roots('hardware')): Promise<Issued> {
  const all: Demands = { expected: 'hardware', days: 7, renews: undefined, ...demands }
  return issue(service(fake), list, inspector, { key, root }, all, now)
}

it('certifies the key of the TPM for so many days, from 5 minutes before on', async () => {
  const { record, chain } = await issued()
  const leaf = new X509Certificate(chain[0])
  expect(leaf.publicKey.equals(publicKeyOf(akPublic))).toBe(true)
  expect([Date.parse(leaf.validFrom), Date.parse(leaf.validTo)]).toEqual([now() - 300_000, now() + 7 * dayMs])
  const published = recordOf(chain[0], record, '11'.repeat(32), undefined)
  expect(published).toMatchObject({ akName: record.akName, result: 'hardware', notAfter: now() + 7 * dayMs })
  expect(published.serial).toBe(leaf.serialNumber.toLowerCase())
  expect(JSON.stringify(published)).not.toContain(record.ekCertificateSha256)
})

it('certifies nothing where the TPM is not the demanded one', async () => {
  const decrypts = Uint8Array.from(akPublic)
  decrypts[5] = 0x06
  const cases: [string, Fake, Partial<Demands>, ReturnType<typeof roots>, string][] = [
    ['another kind', {}, {}, roots('software'), 'cli.authority'],
    ['an unknown root', {}, {}, roots('hardware', []), 'cli.authority'],
    ['another key than the renewed one', {}, { renews: `000b${'11'.repeat(32)}` }, roots('hardware'), 'cli.authority'],
    ['a key that decrypts', { ak: decrypts }, {}, roots('hardware'), 'ak.attributes'],
    ['another value', { answer: () => Buffer.alloc(32) }, {}, roots('hardware'), 'cli.enrolment'],
    ['more days than the root has', {}, { days: 11 }, roots('hardware'), 'cli.authority'],
  ]
  for (const [what, fake, demands, list, code] of cases)
    await expect(issued(fake, demands, list), what).rejects.toMatchObject({ code, exitCode: 1 })
  const { record } = await issued()
  await expect(issued({}, { renews: record.akName })).resolves.toBeDefined()
})

it('certifies nothing under an expired certificate of the endorsement key', async () => {
  const late = (): number => Date.parse(new X509Certificate(issuer).validTo) + dayMs
  const long = await makeRoot(key, 'Authority', { notBefore: now(), notAfter: late() + 100 * dayMs })
  const demands: Demands = { expected: 'hardware', days: 7, renews: undefined }
  const asked = issue(service({}), roots('hardware'), inspector, { key, root: long }, demands, late)
  await expect(asked).rejects.toMatchObject({ code: 'chain.expired', exitCode: 1 })
})

it('signs with no key but that of its root', async () => {
  for (const authority of [
    { key: newKey(), root },
    { key, root: vendor },
    { key, root: new Uint8Array(3) },
  ]) {
    const demands: Demands = { expected: 'hardware', days: 7, renews: undefined }
    const asked = issue(service({}), roots('hardware'), inspector, authority, demands, now)
    await expect(asked).rejects.toMatchObject({ code: 'cli.authority', exitCode: 1 })
  }
})

it('reads no key of a TPMT_PUBLIC that is cut or longer', () => {
  for (const bytes of [akPublic.subarray(0, -1), Buffer.concat([akPublic, Buffer.of(0)]), new Uint8Array(4)])
    expect(() => publicKeyOf(bytes)).toThrowError(expect.objectContaining({ code: 'cli.authority' }) as Error)
})

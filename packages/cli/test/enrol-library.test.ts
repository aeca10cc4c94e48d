import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Credential } from '../src/enrol/credential.js'
import { enrol } from '../src/enrol/enrol.js'
import { chainTo, type Roots } from '../src/enrol/roots.js'
import { loadInspector } from '../src/verifier.js'
import { akPublic, type Fake, issuer, now, p384, root, roots, rsa, service, sha256 } from './support/enrolment.js'
import { folder } from './support/run.js'

const inspector = loadInspector()

it('records what the certificate says, and the kind that the list gives its root', async () => {
  for (const kind of ['hardware', 'virtual', 'software'] as const) {
    const record = await enrol(service({}), roots(kind), inspector, now)
    expect(record).toEqual({
      akName: expect.stringMatching(/^000b/) as unknown,
      akPublicSha256: sha256(akPublic),
      result: kind,
      template: 'rsa-2048',
      ekCertificateSha256: sha256(rsa),
      rootSha256: sha256(root),
      rootName: 'swtpm-localca',
      manufacturer: 'id:00001014',
      model: 'swtpm',
      firmware: 'id:20191023',
      date: now(),
    })
  }
})

it('takes the certificate whose chain is complete, as it stands in NVRAM', async () => {
  const padded = Buffer.concat([p384, Buffer.alloc(100)])
  const both = service({
    endorsements: [
      { template: 'rsa-2048', certificate: new Uint8Array([0x30, 0]) },
      { template: 'ecc-p384', certificate: padded },
    ],
  })
  const record = await enrol(both, roots('software', [issuer, root]), inspector, now)
  expect([record.template, record.ekCertificateSha256]).toEqual(['ecc-p384', sha256(p384)])
  expect(both.asked).toEqual(['ecc-p384'])
})

it('is unverified where no root of the list is reached, whatever the list calls others', async () => {
  const other = {
    roots: [{ name: 'x', kind: 'hardware' as const, sha256: '00'.repeat(32) }],
    certificates: [issuer, root],
  }
  for (const list of [other, roots('hardware', []), roots('hardware', [root])]) {
    const record = await enrol(service({}), list, inspector, now)
    expect([record.result, record.rootSha256, record.rootName]).toEqual(['unverified', undefined, undefined])
  }
})

it.each([
  ['another value', () => Buffer.alloc(32)],
  ['a shorter one', ({ value }: Credential) => value.subarray(0, 31)],
  ['none', () => Buffer.alloc(0)],
])('refuses %s than the one in the credential', async (_, answer) => {
  await expect(enrol(service({ answer }), roots('software'), inspector, now)).rejects.toMatchObject({
    code: 'cli.enrolment',
    exitCode: 1,
  })
})

/** A clock that shows these milliseconds after {@link now}, one after the other. */
const times = (...all: number[]): (() => number) => {
  return () => now() + (all.shift() ?? 0)
}

it('refuses the value after a minute', async () => {
  await expect(enrol(service({}), roots('software'), inspector, times(0, 5, 60_005))).resolves.toBeDefined()
  await expect(enrol(service({}), roots('software'), inspector, times(0, 5, 60_006))).rejects.toMatchObject({
    code: 'cli.enrolment',
  })
})

it('asks for no activation where key or certificate are refused', async () => {
  const decrypts = Uint8Array.from(akPublic)
  // objectAttributes, with decrypt in place of restricted
  decrypts[5] = 0x06
  for (const [fake, list, code] of [
    [{ ak: decrypts }, roots('software'), 'ak.attributes'],
    [{ ak: new Uint8Array(3) }, roots('software'), 'ak.syntax'],
    [{ endorsements: [{ template: 'ecc-p256', certificate: rsa }] }, roots('software'), 'chain.key'],
    [{ endorsements: [{ template: 'rsa-2048', certificate: issuer }] }, roots('software'), 'chain.leaf_ca'],
    [
      { endorsements: [{ template: 'rsa-2048', certificate: new Uint8Array([0x30, 0]) }] },
      roots('software'),
      'chain.syntax',
    ],
    [{ endorsements: [] }, roots('software'), 'cli.enrolment'],
  ] as [Fake, Roots, string][]) {
    const asked = service(fake)
    await expect(enrol(asked, list, inspector, now), code).rejects.toMatchObject({ code, exitCode: 1 })
    expect(asked.asked).toEqual([])
  }
})

it('finds a chain through the certificates at hand, and no longer one than eight', () => {
  expect(chainTo(roots('software', [root, p384, issuer]), rsa)?.certificates).toEqual([rsa, issuer, root])
  expect(chainTo(roots('software', [root]), rsa)).toBeUndefined()
  expect(chainTo({ roots: [], certificates: [issuer, root] }, rsa)).toBeUndefined()
  expect(chainTo(roots('software'), new Uint8Array(10))).toBeUndefined()
})

const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })

/** Certificates of one name, each signed by the same key, which is the key of all of them: each is an issuer of each. */
function entangled(count: number): Uint8Array[] {
  openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'entangled.key')
  return Array.from({ length: count }, () => {
    const same = ['req', '-x509', '-key', 'entangled.key', '-subj', '/CN=Entangled', '-days', '90']
    openssl(...same, '-outform', 'DER', '-out', 'entangled.der')
    return new Uint8Array(readFileSync(join(folder, 'entangled.der')))
  })
}

it('gives up in seconds on certificates that all issue each other, and still finds the root among them', () => {
  const [leaf, ...others] = entangled(60) as [Uint8Array, ...Uint8Array[]]
  // Paths of eight of them are 60 to the power of seven.
  expect(chainTo(roots('software', others), leaf)).toBeUndefined()
  const last = others.at(-1) as Uint8Array
  const list = [{ name: 'Entangled', kind: 'software' as const, sha256: sha256(last) }]
  expect(chainTo({ roots: list, certificates: others }, leaf)?.certificates).toEqual([leaf, last])
}, 20_000)

it('checks a bounded number of signatures, and says what to leave out', () => {
  const [leaf, ...issuers] = entangled(66) as [Uint8Array, ...Uint8Array[]]
  // The same name and another key: each of the 65 issuers is asked for each of these in vain.
  const strangers = entangled(65)
  expect(() => chainTo(roots('software', [...issuers, ...strangers]), leaf)).toThrow(
    expect.objectContaining({ code: 'cli.enrolment', message: expect.stringContaining('4096 signatures') }) as Error,
  )
}, 20_000)

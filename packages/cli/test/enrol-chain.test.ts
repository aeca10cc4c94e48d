import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withoutPadding } from '../src/chain/describe.js'
import { completeChain } from '../src/enrol/complete.js'
import { download, usualLimits } from '../src/enrol/download.js'
import { issuerAddresses } from '../src/enrol/issuers.js'
import { isPublic } from '../src/enrol/public-address.js'
import { loadInspector } from '../src/verifier.js'
import { type Hierarchy, hierarchyOf, pemOf, serve } from './support/cloud-authority.js'
import { file, inProcess } from './support/run.js'

const sha256 = (der: Uint8Array | undefined): string =>
  createHash('sha256')
    .update(der as Uint8Array)
    .digest('hex')

let server: Server
let base: string
/** As Azure's of 2025: the leaf names several addresses, and two authorities stand below the root. */
let azure: Hierarchy
/** As Azure's "Global Virtual TPM CA": the leaf names no address. */
let older: Hierarchy
let stranger: Hierarchy
const asked: string[] = []

function answer({ url = '' }: IncomingMessage, response: ServerResponse): void {
  asked.push(url)
  const [, regional, middle, root] = azure.chain
  const redirect = (to: string): void => void response.writeHead(302, { location: to }).end()
  const contents: Record<string, string | Uint8Array | undefined> = {
    '/regional.crt': regional,
    '/moved/middle.crt': middle && pemOf(middle),
    '/root.crt': root,
    '/older/root.crt': older.chain[2],
    '/wrong.crt': stranger.chain[1],
    '/garbage.crt': 'no certificate',
    '/leaf.crt': azure.chain[0],
    '/bag.p7c': execFileSync('openssl', [
      'crl2pkcs7',
      '-nocrl',
      '-certfile',
      file('regional.pem', pemOf(regional as Uint8Array)),
      '-outform',
      'DER',
    ]),
  }
  if (url === '/middle.crt') redirect('/moved/middle.crt')
  else if (url === '/loop.crt') redirect('/loop.crt')
  else if (url === '/elsewhere.crt') redirect(`${base.replace('127.0.0.1', 'localhost')}/regional.crt`)
  else if (url === '/scheme.crt') redirect('file:///etc/passwd')
  else if (url === '/endless.crt') {
    const more = (): void =>
      void (response.write(Buffer.alloc(16_384)) ? setImmediate(more) : response.once('drain', more))
    response.on('error', () => {})
    more()
  } else if (url === '/silent.crt') response.writeHead(200).write('0')
  else if (contents[url] === undefined) response.writeHead(404).end()
  else response.writeHead(200).end(contents[url])
}

beforeAll(async () => {
  ;({ base, server } = await serve(answer))
  const at = (path: string): string => `${base}${path}`
  azure = hierarchyOf(
    {
      name: 'machine.TrustedVM.Azure.windows.net',
      addresses: [at('/gone.crt'), at('/regional.crt')],
      digest: 'sha512',
    },
    { name: 'Cloud Virtual TPM CA - 24', addresses: [at('/middle.crt')], digest: 'sha384' },
    { name: 'Cloud Virtual TPM CA 2025', addresses: [at('/root.crt')], digest: 'sha384' },
    { name: 'Virtual TPM Root 2023', addresses: [], digest: 'sha384' },
  )
  older = hierarchyOf(
    { name: 'machine.ConfidentialVM.Azure.windows.net', addresses: [] },
    { name: 'Global Virtual TPM CA - 03', addresses: [at('/older/root.crt')] },
    { name: 'Virtual TPM Root 2023', addresses: [] },
  )
  stranger = hierarchyOf(
    { name: 'machine of a stranger', addresses: [] },
    { name: 'Cloud Virtual TPM CA - 24', addresses: [] },
  )
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const freshFolder = (): string => mkdtempSync(join(tmpdir(), 'blindllama-chain-'))

test('the chain of a leaf is fetched up to the expected root, written, and the same again changes nothing', async () => {
  // As it stands in NVRAM.
  const leaf = file('cloud-leaf.der', Buffer.concat([azure.chain[0] as Uint8Array, Buffer.alloc(300)]))
  const out = freshFolder()
  const args = ['--leaf', leaf, '--out', out, '--root-sha256', sha256(azure.chain[3]), '--any-address']
  asked.length = 0
  const first = await inProcess('enrol', 'chain', ...args)
  expect(first).toMatchObject({ exitCode: 0 })
  expect(asked).toEqual(['/gone.crt', '/regional.crt', '/middle.crt', '/moved/middle.crt', '/root.crt'])
  // What is asked for is said before it is asked for.
  expect(first.err.split('\n')).toContain(`GET ${base}/regional.crt`)
  const names = ['leaf.der', 'issuer-1.der', 'issuer-2.der', 'root.der'].map((name) => join(out, name))
  expect(first.out).toContain(`attestation.ak_chain = [${names.map((name) => JSON.stringify(name)).join(', ')}]`)
  expect(names.map((name) => sha256(readFileSync(name)))).toEqual(azure.chain.map(sha256))
  expect(first.out).toContain('89 days left')
  const times = names.map((name) => statSync(name).mtimeMs)
  const again = await inProcess('enrol', 'chain', ...args, '--json')
  expect(names.map((name) => statSync(name).mtimeMs)).toEqual(times)
  expect(JSON.parse(again.out)).toMatchObject({
    result: 'complete',
    days: 89,
    certificates: [
      { file: names[0], source: 'given', changed: false },
      { file: names[1], source: `${base}/regional.crt`, changed: false },
      { subject: 'CN=Cloud Virtual TPM CA 2025' },
      { sha256: sha256(azure.chain[3]) },
    ],
  })
})

test('a leaf that names no address needs the certificate of its issuer, by name', async () => {
  const leaf = file('older-leaf.der', older.chain[0] as Uint8Array)
  const out = freshFolder()
  const args = ['--leaf', leaf, '--out', out, '--root-sha256', sha256(older.chain[2]), '--any-address']
  const missing = await inProcess('enrol', 'chain', ...args)
  expect(missing).toMatchObject({ exitCode: 3 })
  expect(missing.err).toContain('CN=Global Virtual TPM CA - 03. It names no address of its issuer')
  expect(missing.err).toContain('--certificates')
  expect(readdirSync(out)).toEqual([])
  const issuer = file('older-issuer.pem', pemOf(older.chain[1] as Uint8Array))
  const complete = await inProcess('enrol', 'chain', ...args, '--certificates', issuer)
  expect(complete).toMatchObject({ exitCode: 0 })
  expect(readdirSync(out).sort()).toEqual(['issuer-1.der', 'leaf.der', 'root.der'])
})

test('a chain to another root is not written', async () => {
  const out = freshFolder()
  const leaf = file('cloud-leaf.der', azure.chain[0] as Uint8Array)
  const other = await inProcess('enrol', 'chain', '--leaf', leaf, '--out', out, '--azure', '--any-address')
  expect(other).toMatchObject({ exitCode: 3 })
  expect(other.err).toContain(`CN=Virtual TPM Root 2023 with the SHA-256 ${sha256(azure.chain[3])}`)
  expect(other.err).toContain('(cli.chain)')
  const without = await inProcess('enrol', 'chain', '--leaf', leaf, '--out', out)
  expect(without).toMatchObject({ exitCode: 2 })
  expect(readdirSync(out)).toEqual([])
})

test('a chain that clients would refuse is not written', async () => {
  const { chain } = azure
  const completion = { roots: [sha256(chain[3])], given: chain.slice(1), download: async () => chain[0] as Uint8Array }
  const late = Date.now() + 200 * 86_400_000
  await expect(completeChain(chain[0] as Uint8Array, completion, loadInspector(), late)).rejects.toMatchObject({
    code: 'chain.expired',
    exitCode: 1,
  })
})

test('private addresses and those of this machine are not asked, unless they are allowed', async () => {
  asked.length = 0
  const leaf = file('cloud-leaf.der', azure.chain[0] as Uint8Array)
  const args = ['--leaf', leaf, '--out', freshFolder(), '--root-sha256', sha256(azure.chain[3])]
  const refused = await inProcess('enrol', 'chain', ...args)
  expect(refused).toMatchObject({ exitCode: 3 })
  expect(refused.err).toContain('127.0.0.1 is not an address of the public Internet')
  // Known by their name: a resolver may lead them anywhere, or nowhere.
  for (const name of ['localhost', 'LOCALHOST.', 'files.localhost'])
    await expect(download(new URL(`${base.replace('127.0.0.1', name)}/root.crt`), usualLimits)).rejects.toThrow(
      `${name.toLowerCase()} is not an address of the public Internet`,
    )
  expect(asked).toEqual([])
  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '168.63.129.16',
    '0.0.0.0',
  ])
    expect(isPublic(address), address).toBe(false)
  for (const address of ['::1', '::', 'fd00::1', 'fe80::1', '::ffff:127.0.0.1', '::ffff:a9fe:a9fe', '64:ff9b::7f00:1'])
    expect(isPublic(address), address).toBe(false)
  // IPv4 in IPv6 by translation and by tunnels, and the former addresses of a site.
  for (const address of ['64:ff9b:1::7f00:1', '::ffff:0:7f00:1', '2002:7f00:1::1', '2001:0:7f00:1::1', 'fec0::1'])
    expect(isPublic(address), address).toBe(false)
  for (const address of ['1.1.1.1', '172.32.0.1', '2606:4700::1111']) expect(isPublic(address), address).toBe(true)
})

test('a server that answers with anything else than the issuer is named with its fault', async () => {
  const limits = { ...usualLimits, anyAddress: true, patienceMs: 1500 }
  const faults: Record<string, string> = {
    '/endless.crt': 'has more than 65536 bytes',
    '/loop.crt': 'redirects more than 3 times',
    '/elsewhere.crt': 'redirects to localhost:',
    '/scheme.crt': 'redirects to ',
    '/silent.crt': 'did not answer in full within 1.5 s',
    '/gone.crt': 'answered 404',
    '/wrong.crt': 'is not the certificate of this issuer',
    '/leaf.crt': 'is not the certificate of this issuer',
    '/garbage.crt': 'content: neither DER nor a PEM certificate',
    '/bag.p7c': 'is PKCS #7',
  }
  for (const [path, fault] of Object.entries(faults)) {
    const { chain } = hierarchyOf(
      { name: 'machine', addresses: [`${base}${path}`] },
      { name: 'Cloud Virtual TPM CA - 24', addresses: [] },
    )
    const ask = { roots: [sha256(chain[1])], given: [], download: (url: URL) => download(url, limits) }
    const begun = Date.now()
    const failed = await completeChain(chain[0] as Uint8Array, ask, loadInspector(), begun).catch(
      (cause: unknown) => cause,
    )
    expect(failed, path).toMatchObject({ code: 'cli.chain' })
    expect((failed as Error).message, path).toContain(`${base}${path} ${fault}`)
    expect(Date.now() - begun, path).toBeLessThan(5000)
  }
})

test('only addresses of HTTP count, and four of them', () => {
  const named = [
    'ldap://ldap.example/cn=CA',
    'http://user:secret@a.example/',
    'http://a.example/1',
    'https://a.example/2',
  ]
  const more = [3, 4, 5].map((number) => `http://a.example/${number}`)
  const { chain } = hierarchyOf({ name: 'machine', addresses: [...named, ...more] }, { name: 'root', addresses: [] })
  const found = issuerAddresses(chain[0] as Uint8Array).map(({ href }) => href)
  expect(found).toEqual(['http://a.example/1', 'https://a.example/2', 'http://a.example/3', 'http://a.example/4'])
  expect(issuerAddresses(chain[1] as Uint8Array)).toEqual([])
})

/** Chains of real machines, read in place; a checkout without the folder beside it skips them. */
const evidence = new URL('../../../../shared/evidence/ak-chains.json', import.meta.url)

interface RealChain {
  name: string
  expect: string
  verifyAt: string
  rootSha256: string
  chain: string[]
}

test.skipIf(!existsSync(evidence))(
  'chains of real machines are completed from the addresses that they name',
  async () => {
    const all = (JSON.parse(readFileSync(evidence, 'utf8')) as RealChain[]).filter((each) => each.expect === 'accept')
    expect(all.map(({ name }) => name)).toEqual(expect.arrayContaining(['azure-0', 'azure-1', 'gcp-pca-ecc-sign']))
    for (const { name, rootSha256, verifyAt, chain } of all) {
      const [first, ...issuers] = chain.map((base64) => new Uint8Array(Buffer.from(base64, 'base64')))
      const published = new Map<string, Uint8Array>()
      let below = first as Uint8Array
      for (const issuer of issuers) {
        for (const { href } of issuerAddresses(below)) published.set(href, issuer)
        below = issuer
      }
      const ask = async (url: URL): Promise<Uint8Array> => {
        const der = published.get(url.href)
        if (der === undefined) throw new Error('is not named')
        return der
      }
      const leaf = withoutPadding(first as Uint8Array)
      // The leaf of this hierarchy of Azure names no address.
      const given = name.startsWith('azure') ? issuers.slice(0, 1) : []
      const completion = { roots: [rootSha256], given, download: ask }
      const complete = await completeChain(leaf, completion, loadInspector(), Date.parse(verifyAt))
      expect(
        complete.map(({ der }) => sha256(der)),
        name,
      ).toEqual([sha256(leaf), ...issuers.map(sha256)])
      expect(complete.at(-1)?.address, name).toMatch(/^http:/)
    }
  },
)

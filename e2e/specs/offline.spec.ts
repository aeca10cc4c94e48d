import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { verificationRecord } from '@blindllama/web-sdk/receipts'
import { requestEvidence } from '@blindllama/web-sdk/verify'
import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from '@playwright/test'
import { startStaging, type Staging } from '../../services/staging/staging.ts'
import { clickInShadow, inShadow } from '../support/shadow.ts'
import type { Tab } from '../support/tab.ts'
import { expect, test as base } from '../support/test.ts'

const page = fileURLToPath(new URL('../../packages/ui/dist/verifier.html', import.meta.url))
const panel = 'blindllama-verification'

interface OfflineFixtures {
  /** The verifier, opened from disk with the policy in it. */
  readonly verifier: (policy?: string) => Promise<Tab>
  /** Writes a file for the page to read, and gives its path. */
  readonly write: (name: string, text: string) => Promise<string>
}

const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & OfflineFixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & { readonly open: Staging }
> = base.extend<OfflineFixtures, { open: Staging }>({
  open: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures needed from this pattern.
    async ({}, use) => {
      // A page from disk has no origin: only a gateway that lets every page ask answers it.
      const staging = await startStaging({ origins: ['*'] })
      await use(staging)
      await staging.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures needed from this pattern.
  write: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-offline-'))
    await use(async (name, text) => {
      const path = join(folder, name)
      await writeFile(path, text)
      return path
    })
    await rm(folder, { recursive: true, force: true })
  },
  verifier: async ({ browserEngine, viewport, open, write }, use) => {
    const { tab, close } = await browserEngine.newTab({ viewport })
    await use(async (policy = open.policy) => {
      await tab.open(pathToFileURL(page).href)
      await tab.chooseFile('#policy-file', await write('policy.json', policy))
      await expect.poll(() => tab.evaluate(() => document.querySelector('textarea')?.value ?? '', null)).toBe(policy)
      return tab
    })
    await close()
  },
})

async function record({ url, policy }: Staging): Promise<string> {
  const { evidence, nonce, audience, receivedAtMs } = await requestEvidence(url)
  return verificationRecord({
    evidence,
    nonce,
    audience,
    policy: new TextEncoder().encode(policy),
    nowMs: receivedAtMs,
  })
}

const outcome = (tab: Tab): Promise<string> =>
  tab.evaluate(() => document.querySelector('#outcome')?.textContent ?? '', null)
const word = async (tab: Tab): Promise<string> => (await inShadow(tab, panel, '.word'))[0]?.text ?? ''

test('the file names no other file and no other host', async () => {
  const text = await readFile(page, 'utf8')
  expect(text).not.toMatch(/<script[^>]*\ssrc|<link|\surl\(/)
  expect(text).toMatch(/script-src 'sha256-[^']+' 'wasm-unsafe-eval'/)
})

test('verifies a record from disk, and refuses it with one flipped bit', async ({ verifier, open, write }) => {
  const tab = await verifier()
  await tab.chooseFile('#file', await write('record.json', await record(open)))
  await tab.click('#simulated')
  await tab.click('#verify')
  await expect.poll(() => outcome(tab)).toContain('A verification record')
  expect(await word(tab)).toBe('Not proven')
  expect((await inShadow(tab, panel, '.answer'))[0]?.attributes['data-status']).toBe('simulated')
  expect(await inShadow(tab, panel, '.chain [data-status=fail]')).toEqual([])
  await clickInShadow(tab, panel, '[data-section=tamper] > summary')
  await expect.poll(() => inShadow(tab, panel, '[role=switch]')).toHaveLength(1)
  await clickInShadow(tab, panel, '[role=switch]')
  const refused = async (): Promise<string> => (await inShadow(tab, panel, '[data-tampered=refused]'))[0]?.text ?? ''
  await expect.poll(refused).toContain('pcr.digest')
})

test('does not accept a simulated TPM unless the person says so, nor the policy in the file', async ({
  verifier,
  open,
  write,
}) => {
  const tab = await verifier()
  const text = await record(open)
  await tab.chooseFile('#file', await write('record.json', text))
  await tab.click('#verify')
  await expect.poll(() => outcome(tab)).toContain('This file does not hold')
  expect(await outcome(tab)).toContain('ak.simulated')

  const policy = JSON.parse(open.policy) as { releases: { pcrs: Record<string, string> }[] }
  for (const release of policy.releases) release.pcrs['4'] = 'ab'.repeat(32)
  const other = await verifier(JSON.stringify(policy))
  await other.chooseFile('#file', await write('record.json', text))
  await other.click('#simulated')
  await other.click('#verify')
  await expect.poll(() => outcome(other)).toContain('pcr.mismatch')
})

test('asks a service by its address with a nonce of its own', async ({ verifier, open }) => {
  const tab = await verifier()
  await tab.type('#address', open.url)
  await tab.click('#simulated')
  await tab.click('#verify')
  await expect.poll(() => outcome(tab)).toContain('A verification record')
  expect((await inShadow(tab, panel, '.answer'))[0]?.attributes['data-status']).toBe('simulated')
})

test('says what is missing, and what is no receipt', async ({ verifier, write }) => {
  const tab = await verifier()
  await tab.click('#verify')
  await expect.poll(() => outcome(tab)).toContain('Give an address')
  await tab.chooseFile('#file', await write('record.json', '{"type":"other"}'))
  await tab.click('#verify')
  await expect.poll(() => outcome(tab)).toContain('receipt.syntax')
})

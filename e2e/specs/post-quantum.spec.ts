import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as Sdk from '@blindllama/web-sdk'
import { PageServer } from '../../services/staging/page-server.ts'
import { startStaging, type Staging } from '../../services/staging/staging.ts'
import { writeSdkPage, type SdkGlobals } from '../support/sdk-page.ts'
import { expect, test } from '../support/test.ts'
import type { Tab } from '../support/tab.ts'

const X25519 = 0x20
const MLKEM768_X25519 = 0x647a
/** Engines whose WebCrypto has ML-KEM-768. */
const native: ReadonlySet<string> = new Set(['chromium'])

function demandingHybrid(policy: string): string {
  return JSON.stringify({ ...(JSON.parse(policy) as object), suites: ['mlkem768x25519-sha256-aes128gcm'] })
}

/** Attests and reads an answer through the channel. Gives the KEM of its key, or the code of what went wrong. */
async function kemOf(tab: Tab, url: string, policy: string): Promise<number | string> {
  return tab.evaluate(
    async (options) => {
      const { BlindLlama } = globalThis as unknown as SdkGlobals
      try {
        const client = await BlindLlama.connect({ ...options, dangerouslyAllowSimulated: true })
        const response = await client.fetch(`${options.url}v1/models`)
        const { kemId } = client.verdict.key
        client.close()
        return (await response.text()).includes('smollm2') ? kemId : `answered ${response.status}`
      } catch (error) {
        return (error as Sdk.BlindLlamaError).code ?? String(error)
      }
    },
    { url, policy },
  )
}

test.describe('post-quantum keys', () => {
  let folder: string
  let pages: PageServer
  let service: Staging

  test.beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindllama-post-quantum-'))
    const page = await writeSdkPage(folder)
    pages = await PageServer.start(page, 0)
    service = await startStaging({ page, origins: [pages.origin] })
    pages.publish(service.url, {})
  })
  test.afterAll(async () => {
    await service?.stop()
    await pages?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('are what an engine takes by itself where it has them', async ({ browserEngine, engine }) => {
    const { tab, close } = await browserEngine.newTab()
    try {
      await tab.open(`${pages.origin}/`)
      expect(await kemOf(tab, service.url, service.policy)).toBe(native.has(engine) ? MLKEM768_X25519 : X25519)
    } finally {
      await close()
    }
  })

  test('can be demanded: engines without them take the code that the page brings along', async ({ browserEngine }) => {
    const { tab, close } = await browserEngine.newTab()
    try {
      await tab.open(`${pages.origin}/post-quantum.html`)
      expect(await kemOf(tab, service.url, demandingHybrid(service.policy))).toBe(MLKEM768_X25519)
    } finally {
      await close()
    }
  })

  test('that are demanded and cannot be had fail closed', async ({ browserEngine, engine }) => {
    const { tab, close } = await browserEngine.newTab()
    try {
      await tab.open(`${pages.origin}/`)
      const kem = await kemOf(tab, service.url, demandingHybrid(service.policy))
      expect(kem).toBe(native.has(engine) ? MLKEM768_X25519 : 'client.post_quantum')
    } finally {
      await close()
    }
  })
})

/** Modules for post-quantum keys that the page fetched. */
async function fetchedFor(tab: Tab): Promise<number> {
  return tab.evaluate(
    () => performance.getEntriesByType('resource').filter(({ name }) => name.includes('/post-quantum')).length,
    null,
  )
}

test('a chat whose policy demands post-quantum keys answers in every engine, and says so', async ({
  chat,
  engine,
  staging,
}) => {
  const page = await chat({ policy: demandingHybrid(staging.policy) })
  await page.verified()
  await page.ask('Say hello.')
  await page.ended('complete')
  await page.openPanel()
  await page.openSection('facts')
  expect((await page.inPanel('[data-fact="encryption"]'))[0]?.text).toContain('ML-KEM-768 + X25519')
  expect(await fetchedFor(page.tab)).toBe(native.has(engine) ? 0 : 1)
})

test('a chat that does not demand them loads no code for them', async ({ chat }) => {
  const page = await chat()
  await page.verified()
  expect(await fetchedFor(page.tab)).toBe(0)
})

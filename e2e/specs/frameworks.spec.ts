import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from '@playwright/test'
import { type FrameworkGlobals, frameworks, writeFrameworkPages } from '../support/framework-pages.ts'
import { SdkService } from '../support/sdk-service.ts'
import type { Tab } from '../support/tab.ts'
import { expect, test as base } from '../support/test.ts'

type Globals = typeof globalThis & FrameworkGlobals

const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & { readonly tab: Tab },
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & { readonly service: SdkService }
> = base.extend<{ tab: Tab }, { service: SdkService }>({
  service: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures needed from this pattern.
    async ({}, use) => {
      const service = await SdkService.start(writeFrameworkPages)
      // Svelte makes a policy of its own as soon as it is loaded.
      service.pages.publish(service.staging.url, {}, 'svelte-trusted-html')
      await use(service)
      await service.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  tab: async ({ browserEngine }, use) => {
    const { tab, close } = await browserEngine.newTab()
    await use(tab)
    await close()
  },
})

const shown = (tab: Tab): Promise<string> =>
  tab.evaluate(() => document.querySelector('output')?.textContent ?? '', null)
const send = (tab: Tab, address: string): Promise<string> =>
  tab.evaluate(
    (url) =>
      (globalThis as Globals).send(url).then(
        (response) => String(response.status),
        (error: { code?: string }) => error.code ?? String(error),
      ),
    address,
  )

for (const framework of frameworks)
  test(`the code for ${framework} in the README shows the proof, and its fetch is closed without one`, async ({
    tab,
    service,
  }) => {
    const { url, policy } = service.staging
    const models = new URL('v1/models', url).href
    const show = async (dangerouslyAllowSimulated: boolean): Promise<void> => {
      await tab.open(`${service.pages.origin}/${framework}.html`)
      await expect.poll(() => tab.evaluate(() => 'show' in globalThis, null)).toBe(true)
      await tab.evaluate((options) => (globalThis as Globals).show(options), { url, policy, dangerouslyAllowSimulated })
    }
    await show(true)
    await expect.poll(() => shown(tab)).toBe('simulated')
    const badge = await tab.evaluate(
      () => document.querySelector<HTMLElement>('blindllama-badge')?.dataset['status'] ?? null,
      null,
    )
    expect(badge).toBe('simulated')
    expect(await send(tab, models)).toBe('200')
    await tab.evaluate(() => (globalThis as Globals).hide(), null)
    expect(await tab.evaluate(() => document.querySelector('blindllama-badge') === null, null)).toBe(true)
    await expect.poll(() => send(tab, models)).toBe('client.closed')

    await show(false)
    await expect.poll(() => shown(tab)).toBe('refused')
    expect(await send(tab, models)).toBe('ak.simulated')
  })

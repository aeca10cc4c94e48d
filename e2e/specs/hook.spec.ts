import { EventEmitter, once } from 'node:events'
import { type HookGlobals, writeHookPage } from '../support/hook-page.ts'
import { SdkService } from '../support/sdk-service.ts'
import { ServiceProxy, type ProxyBehaviour } from '../support/service-proxy.ts'
import { expect, test } from '../support/test.ts'
import type { Tab } from '../support/tab.ts'

type Page = typeof globalThis & HookGlobals

/** Nothing but the protocol's own endpoints was asked for, whatever the method. */
function expectNothingElse(proxy: ServiceProxy): void {
  expect(proxy.seen.filter(({ path }) => !path.startsWith('/blindllama/v1/'))).toEqual([])
}

test.describe('openai in a component, made with the fetch of its first render,', () => {
  let served: SdkService
  test.beforeAll(async () => {
    served = await SdkService.start(writeHookPage)
  })
  test.afterAll(() => served?.stop())

  async function show(tab: Tab, proxy: ServiceProxy, policy: string): Promise<void> {
    served.pages.publish(proxy.url, {})
    await tab.open(`${served.pages.origin}/hook.html`)
    await expect.poll(() => tab.evaluate(() => 'show' in globalThis, null)).toBe(true)
    await tab.evaluate((options) => (globalThis as unknown as Page).show(options), {
      url: proxy.url,
      policy,
      dangerouslyAllowSimulated: true,
    })
  }

  test('waits while the service is attested, and is answered', async ({ browserEngine }) => {
    const gate = new EventEmitter()
    const released = once(gate, 'release')
    const behaviour: ProxyBehaviour = {
      evidence: async (bundle) => {
        await released
        return bundle
      },
    }
    const proxy = await ServiceProxy.start(served.staging.url, behaviour)
    const { tab, close } = await browserEngine.newTab()
    try {
      await show(tab, proxy, served.staging.policy)
      await expect.poll(() => proxy.arrived).toContain('evidence')
      const states = (): Promise<string[]> => tab.evaluate(() => (globalThis as unknown as Page).states, null)
      expect(await states()).toEqual(['idle', 'attesting'])
      expect(proxy.posts).toBe(0)
      expectNothingElse(proxy)
      gate.emit('release')
      expect((await tab.evaluate(() => (globalThis as unknown as Page).answer, null)).length).toBeGreaterThan(1)
      expect((await states()).at(-1)).toBe('ready')
      expect(proxy.posts).toBe(1)
      expectNothingElse(proxy)
    } finally {
      gate.emit('release')
      await close()
      await proxy.stop()
    }
  })

  test('sends nothing to a service that is refused', async ({ browserEngine }) => {
    const proxy = await ServiceProxy.start(served.staging.url)
    const { tab, close } = await browserEngine.newTab()
    try {
      const policy = { ...(JSON.parse(served.staging.policy) as object), audience: 'https://elsewhere.example' }
      await show(tab, proxy, JSON.stringify(policy))
      expect(await tab.evaluate(() => (globalThis as unknown as Page).answer, null)).toBe('claims.audience')
      expect(proxy.posts).toBe(0)
      expectNothingElse(proxy)
    } finally {
      await close()
      await proxy.stop()
    }
  })
})

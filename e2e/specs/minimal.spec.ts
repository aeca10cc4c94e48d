import { writeMinimalPage } from '../support/minimal-page.ts'
import { SdkService } from '../support/sdk-service.ts'
import { ServiceProxy } from '../support/service-proxy.ts'
import type { Tab } from '../support/tab.ts'
import { expect, test } from '../support/test.ts'

const textOf = async (tab: Tab, selector: string): Promise<string> =>
  tab.evaluate((wanted) => document.querySelector(wanted)?.textContent ?? '', selector)

test.describe('the smallest page', () => {
  let served: SdkService
  test.beforeAll(async () => {
    served = await SdkService.start(writeMinimalPage)
  })
  test.afterAll(() => served?.stop())

  /** Opens the page before a service, which the page is told as `npm start` tells it. */
  async function open(tab: Tab, url: string, policy: string): Promise<void> {
    served.pages.publish(url, { url, policy, model: served.staging.model })
    await tab.open(`${served.pages.origin}/minimal/`)
  }

  test('verifies the service and shows one streamed answer', async ({ browserEngine }) => {
    const proxy = await ServiceProxy.start(served.staging.url)
    const { tab, close } = await browserEngine.newTab()
    try {
      await open(tab, proxy.url, served.staging.policy)
      await expect.poll(() => textOf(tab, '#proof')).toMatch(/^Verified: .+ \(simulated\)$/)
      expect(proxy.posts).toBe(0)
      await tab.click('button')
      await expect.poll(() => textOf(tab, '#answer')).toMatch(/\S/)
      await expect.poll(() => tab.evaluate(() => document.querySelector('button')?.disabled, null)).toBe(false)
      expect(await textOf(tab, '#answer')).not.toContain(':')
      expect(proxy.posts).toBe(1)
    } finally {
      await close()
      await proxy.stop()
    }
  })

  test('shows the code of a refusal, and sends nothing', async ({ browserEngine }) => {
    const proxy = await ServiceProxy.start(served.staging.url)
    const { tab, close } = await browserEngine.newTab()
    try {
      const policy = { ...(JSON.parse(served.staging.policy) as object), audience: 'https://elsewhere.example' }
      await open(tab, proxy.url, JSON.stringify(policy))
      await expect.poll(() => textOf(tab, '#proof')).toMatch(/^claims\.audience: /)
      expect(await tab.evaluate(() => document.querySelector('button')?.disabled, null)).toBe(true)
      expect(proxy.posts).toBe(0)
    } finally {
      await close()
      await proxy.stop()
    }
  })
})

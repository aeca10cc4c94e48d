import { askIn, connectIn } from '../support/held-client.ts'
import { SdkService } from '../support/sdk-service.ts'
import { ServiceProxy } from '../support/service-proxy.ts'
import { expect, test } from '../support/test.ts'

test.describe('a page with cookies', () => {
  let served: SdkService
  test.beforeAll(async () => {
    served = await SdkService.start()
  })
  test.afterAll(() => served?.stop())

  for (const [title, shared] of [
    ['sends none to a service of its own origin', true],
    ['sends none to a service of another origin on the same host', false],
  ] as const)
    test(title, async ({ browserEngine }) => {
      const { pages, staging } = served
      const proxy = await ServiceProxy.start(staging.url, shared ? { page: pages.origin } : {})
      const { tab, close } = await browserEngine.newTab()
      try {
        pages.publish(proxy.url, {})
        const service = { url: proxy.url, policy: staging.policy }
        await tab.open(shared ? proxy.url : `${pages.origin}/`)
        // Cookies know no ports: both origins have this one.
        await tab.evaluate(() => void (document.cookie = 'session=of-the-visitor; SameSite=Lax'), null)
        await tab.evaluate(
          async (url) => fetch(url, { credentials: 'include', mode: 'no-cors' }).catch(() => {}),
          `${proxy.url}blindllama/v1/health`,
        )
        expect(proxy.seen.at(-1)?.cookie, 'the page has the cookie, and the proxy sees it').toContain('of-the-visitor')

        proxy.seen.length = 0
        expect(await connectIn(tab, service)).toBe('ok')
        expect(await askIn(tab, service)).toBe('ok')
        const sent = proxy.seen.filter(({ path }) => path.startsWith('/blindllama/v1/'))
        expect(sent.some(({ path }) => path.includes('/evidence?'))).toBe(true)
        expect(sent.some(({ path }) => path.includes('/o/'))).toBe(true)
        expect(sent.filter(({ cookie }) => cookie !== undefined)).toEqual([])
      } finally {
        await close()
        await proxy.stop()
      }
    })
})

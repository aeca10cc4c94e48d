import { readmeSources, writeReadmePage } from '../support/readme-page.ts'
import { SdkService } from '../support/sdk-service.ts'
import { ServiceProxy } from '../support/service-proxy.ts'
import { expect, test } from '../support/test.ts'

test('the code of the README for an empty Vite app shows a badge and a verified, streamed answer', async ({
  browserEngine,
}) => {
  expect((await readmeSources()).lines, 'lines of code').toBeLessThanOrEqual(15)
  const served = await SdkService.start(writeReadmePage)
  const proxy = await ServiceProxy.start(served.staging.url)
  const { tab, close } = await browserEngine.newTab()
  try {
    served.pages.publish(proxy.url, { url: proxy.url, policy: served.staging.policy, model: served.staging.model })
    await tab.open(`${served.pages.origin}/readme/`)
    const shown = (): Promise<{ badge: string | null; answer: string }> =>
      tab.evaluate(() => {
        const badge = document.querySelector<HTMLElement>('blindllama-badge')?.dataset['status'] ?? null
        return { badge, answer: document.querySelector('p')?.textContent ?? '' }
      }, null)
    await expect.poll(shown).toMatchObject({ badge: 'simulated', answer: expect.stringMatching(/\S{2}/) as unknown })
    expect(proxy.posts).toBe(1)
    expect(proxy.seen.filter(({ path }) => !path.startsWith('/blindllama/v1/'))).toEqual([])
  } finally {
    await close()
    await proxy.stop()
    await served.stop()
  }
})

import { complaints as complaintsOf } from '../support/axe.ts'
import { expect, test, type Chat } from '../support/test.ts'

const complaints = ({ tab }: Chat): Promise<readonly string[]> => complaintsOf(tab)

test('axe notices what is wrong with a page', async ({ chat }) => {
  const page = await chat()
  await page.verified()
  await page.tab.evaluate(() => document.querySelector('main')?.append(document.createElement('button')), null)
  expect(await complaints(page)).toEqual([expect.stringContaining('button-name')])
})

const screens = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const
for (const [screen, viewport] of Object.entries(screens))
  for (const colorScheme of ['light', 'dark'] as const)
    test.describe(`axe has nothing to complain of, ${screen}, ${colorScheme}:`, () => {
      test.use({ viewport, colorScheme })

      test('the empty chat, a conversation, its proof', async ({ chat }) => {
        const page = await chat()
        await page.verified()
        expect(await complaints(page), 'the empty chat').toEqual([])
        await page.ask('Say hello.')
        await page.ended('complete')
        expect(await complaints(page), 'a conversation').toEqual([])
        await page.tab.click('[data-testid="keep-proof"]')
        await expect.poll(() => page.count('[data-testid="proof"] .button')).toBeGreaterThan(0)
        expect(await complaints(page), 'the offer to keep the proof').toEqual([])
        await page.openPanel()
        expect(await complaints(page), 'the open panel').toEqual([])
      })

      test('an answer that broke off', async ({ chat, between }) => {
        const proxy = await between({ cutAnswerAfterChunks: 6 })
        const page = await chat({ url: proxy.url })
        await page.verified()
        await page.ask('Tell me in a few sentences why the sky is blue.')
        await page.ended('incomplete')
        expect(await complaints(page)).toEqual([])
      })

      test('a refusal and its proof @verification', async ({ chat }) => {
        const page = await chat({ query: '?simulated=refuse' })
        expect(await page.decided()).toBe('error')
        expect(await complaints(page), 'a refusal').toEqual([])
        await page.openPanel()
        expect(await complaints(page), 'its panel').toEqual([])
      })
    })

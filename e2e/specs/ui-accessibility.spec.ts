import { complaints } from '../support/axe.ts'
import { clickInShadow, inShadow } from '../support/shadow.ts'
import { expect } from '../support/test.ts'
import { badge, becomes, openPanel, panel, refusal, replay, status, test, text, vector } from '../support/ui-test.ts'

const screens = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } } as const
for (const [screen, viewport] of Object.entries(screens))
  for (const colorScheme of ['light', 'dark'] as const)
    test.describe(`axe has nothing to complain of, ${screen}, ${colorScheme}:`, () => {
      test.use({ viewport, colorScheme })

      test('the panel with all details of each answer', async ({ pages }) => {
        const tab = await pages.open()
        for (const name of ['ok-enrolment', 'ok-chain-azure', 'ok-simulated', 'chain-other-root']) {
          await replay(tab, await vector(name))
          await expect.poll(() => status(tab)).toMatch(/^(?:proven|limited|simulated|refused)$/)
          expect(await complaints(tab), `${name}, closed`).toEqual([])
          await openPanel(tab)
          for (const { attributes } of await inShadow(tab, panel, 'details:not([open])'))
            await clickInShadow(tab, panel, `[data-section=${attributes['data-section']}] > summary`)
          if ((await inShadow(tab, panel, '[role=switch]')).length > 0) {
            await clickInShadow(tab, panel, '[role=switch]')
            await expect.poll(() => text(tab, panel, '.outcome')).not.toBe('')
          }
          expect(await complaints(tab), name).toEqual([])
          await clickInShadow(tab, panel, '.header button')
        }
      })
    })

test('axe notices what is wrong inside of an element', async ({ pages }) => {
  const tab = await pages.open()
  await tab.evaluate((at) => document.querySelector(at)?.shadowRoot?.append(document.createElement('button')), badge)
  expect(await complaints(tab)).toEqual([expect.stringContaining('button-name')])
})

test('the keyboard opens the panel, its details and its switch', async ({ pages }) => {
  const tab = await pages.open()
  await replay(tab, await vector('ok-enrolment'))
  await becomes(tab, 'proven')
  await tab.type(badge, '\n')
  await expect.poll(() => inShadow(tab, panel, 'dialog[open]')).toHaveLength(1)
  const focus = (selector: string): Promise<void> =>
    tab.evaluate(([at, inner]) => document.querySelector(at)?.shadowRoot?.querySelector<HTMLElement>(inner)?.focus(), [
      panel,
      selector,
    ] as const)
  await focus('[data-section=tamper] > summary')
  await tab.press(' ')
  await expect.poll(() => inShadow(tab, panel, '[data-section=tamper][open] [role=switch]')).toHaveLength(1)
  await tab.press('Tab')
  await tab.press(' ')
  await expect.poll(() => text(tab, panel, '[data-tampered=refused]')).toContain('pcr.digest')
  await tab.press('Escape')
  await expect.poll(() => inShadow(tab, panel, 'dialog[open]')).toHaveLength(0)
  expect(await tab.evaluate(() => document.activeElement?.tagName.toLowerCase() ?? '', null)).toBe(badge)
})

test.describe('forced colours', () => {
  test.use({ forcedColors: 'active' })

  test('keep the lines that carry the answer, and axe content', async ({ pages }) => {
    const tab = await pages.open()
    await replay(tab, await vector('chain-other-root'))
    await becomes(tab, 'refused')
    await openPanel(tab)
    const seen = await tab.evaluate((at) => {
      const card = document.querySelector(at)?.shadowRoot?.querySelector('.answer')
      const { borderTopStyle = '', borderTopWidth = '' } = card ? getComputedStyle(card) : {}
      return { forced: matchMedia('(forced-colors: active)').matches, borderTopStyle, borderTopWidth }
    }, panel)
    expect(seen).toEqual({ forced: true, borderTopStyle: 'solid', borderTopWidth: '1px' })
    expect(await text(tab, panel, '.word')).toBe('Not proven')
    expect(await text(tab, refusal, 'strong')).toContain('Not proven')
    expect(await complaints(tab)).toEqual([])
  })
})

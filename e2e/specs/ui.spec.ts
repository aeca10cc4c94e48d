import { clickInShadow, inShadow, type ShadowElement } from '../support/shadow.ts'
import { expect } from '../support/test.ts'
import {
  badge,
  becomes,
  type Globals,
  openPanel,
  panel,
  refusal,
  replay,
  section,
  status,
  test,
  text,
  vector,
  violations,
} from '../support/ui-test.ts'

test('the elements show a live proof under a strict CSP with Trusted Types', async ({ pages, service }) => {
  const tab = await pages.open()
  const { url, policy } = service.staging
  await becomes(tab, 'idle')
  await tab.evaluate((options) => (globalThis as Globals).attest(options), {
    url,
    policy,
    dangerouslyAllowSimulated: true,
  })
  await becomes(tab, 'simulated')
  expect(await text(tab, badge, 'button')).toContain('Not proven · simulated TPM')
  await openPanel(tab)
  const links = await inShadow(tab, panel, '.chain li')
  expect(links.map(({ attributes }) => attributes['data-link'])).toEqual([
    'root',
    'ak',
    'quote',
    'pcrs',
    'release',
    'key',
    'session',
  ])
  for (const { attributes } of links)
    expect(attributes['data-status'], attributes['data-link']).toMatch(/^(?:pass|warn)$/)
  await section(tab, 'boot')
  await expect.poll(() => text(tab, panel, '[data-testid=boot]')).toContain('no operating system was measured')
  await section(tab, 'certificates')
  await expect.poll(() => text(tab, panel, '[data-testid=certificates]')).toContain('no certificates')

  // The renewal leaves the static part out, which the panel needs from before.
  await tab.evaluate(() => (globalThis as Globals).renew(), null)
  await becomes(tab, 'simulated')
  expect(await text(tab, panel, '.chain [data-status=fail]')).toBe('')
  expect(await violations(tab)).toEqual([])
})

test('a service that is refused shows why, and that nothing was sent', async ({ pages, service }) => {
  const tab = await pages.open()
  const { url, policy } = service.staging
  await tab.evaluate((options) => (globalThis as Globals).attest(options), {
    url,
    policy,
    dangerouslyAllowSimulated: false,
  })
  await becomes(tab, 'refused')
  const said = await text(tab, refusal, '[role=alert]')
  expect(said).toContain('Nothing was sent.')
  expect(said).toContain('ak.simulated')
  await clickInShadow(tab, refusal, 'button:last-of-type')
  await expect.poll(() => text(tab, panel, 'dialog[open] .word')).toBe('Not proven')
  expect(await inShadow(tab, panel, '[data-section=steps][open] [data-status=fail]')).toHaveLength(1)
})

const answers = [
  ['ok-enrolment', 'proven', 'Proven'],
  ['ok-chain-azure', 'limited', 'Proven, with limits'],
  ['ok-simulated', 'simulated', 'Not proven'],
] as const
for (const [name, expected, word] of answers)
  test(`the answer to ${name} is “${word}”`, async ({ pages }) => {
    const tab = await pages.open()
    await replay(tab, await vector(name))
    await becomes(tab, expected)
    await openPanel(tab)
    expect(await text(tab, panel, '.word')).toBe(word)
  })

test('a posted verdict makes no proof pass', async ({ pages }) => {
  const tab = await pages.open()
  await replay(tab, await vector('chain-other-root'), true)
  await becomes(tab, 'refused')
  await replay(tab, await vector('ok-enrolment'), true)
  await becomes(tab, 'refused')
  await openPanel(tab)
  expect(await text(tab, panel, '.answer')).toContain('another key')
})

test('one flipped bit is refused by the verifier, and certificates are read on demand', async ({ pages }) => {
  const tab = await pages.open()
  await replay(tab, await vector('ok-chain-azure'))
  await becomes(tab, 'limited')
  await openPanel(tab)
  await section(tab, 'tamper')
  await expect.poll(() => inShadow(tab, panel, '[role=switch]')).toHaveLength(1)
  await clickInShadow(tab, panel, '[role=switch]')
  await expect.poll(() => text(tab, panel, '[data-tampered=refused]')).toContain('pcr.digest')
  expect(await text(tab, panel, '.word')).toBe('Proven, with limits')
  const loaded = await tab.evaluate(() => performance.getEntriesByType('resource').length, null)
  await section(tab, 'certificates')
  const certificates = (): Promise<readonly ShadowElement[]> => inShadow(tab, panel, '[data-testid=certificate]')
  await expect.poll(async () => (await certificates()).length).toBeGreaterThan(1)
  expect(await tab.evaluate(() => performance.getEntriesByType('resource').length, null)).toBeGreaterThan(loaded)
  expect(await violations(tab)).toEqual([])
})

test('speaks German, and right to left', async ({ pages }) => {
  const tab = await pages.open()
  await replay(tab, await vector('ok-chain-azure'))
  await becomes(tab, 'limited')
  await tab.evaluate(() => {
    document.documentElement.dir = 'rtl'
    ;(globalThis as Globals).german()
  }, null)
  expect(await text(tab, badge, 'button')).toContain('Bewiesen, mit Grenzen')
  await openPanel(tab)
  // The line of the tone stands at the beginning of the text.
  const widths = await tab.evaluate((at) => {
    const card = document.querySelector(at)?.shadowRoot?.querySelector('.answer')
    const style = card ? getComputedStyle(card) : undefined
    return [Number.parseFloat(style?.borderRightWidth ?? ''), Number.parseFloat(style?.borderLeftWidth ?? '')]
  }, panel)
  expect(widths[0]).toBeGreaterThan(widths[1] ?? 99)
})

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 } })

  for (const name of ['ok-enrolment', 'ok-chain-azure', 'ok-simulated', 'warn-unattested'])
    test(`the panel of ${name} has at most three screens before details are opened`, async ({ pages }) => {
      const tab = await pages.open()
      await replay(tab, await vector(name))
      await expect.poll(() => status(tab)).toMatch(/^(?:proven|limited|simulated)$/)
      await openPanel(tab)
      const [height = 0, width = 0, screen = 1, room = 0] = await tab.evaluate((at) => {
        const dialog = document.querySelector(at)?.shadowRoot?.querySelector('dialog')
        return [dialog?.scrollHeight ?? 0, dialog?.scrollWidth ?? 0, innerHeight, innerWidth]
      }, panel)
      expect(height).toBeGreaterThan(300)
      // A driver that takes the window's own size has a wide window, and less of it is needed.
      expect(height / Math.max(screen, 600)).toBeLessThanOrEqual(3)
      expect(width).toBeLessThanOrEqual(room)
    })
})

import { readFile } from 'node:fs/promises'
import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from '@playwright/test'
import { SdkService } from './sdk-service.ts'
import { clickInShadow, inShadow } from './shadow.ts'
import type { Tab } from './tab.ts'
import { expect, test as base } from './test.ts'
import { type Replayed, type UiGlobals, writeUiPage } from './ui-page.ts'

export type Globals = typeof globalThis & UiGlobals

export const badge = 'blindllama-badge'
export const panel = 'blindllama-verification'
export const refusal = 'blindllama-refusal'

interface UiFixtures {
  /** Opens the page of the elements; each call in a test uses the same tab. */
  readonly pages: { open: () => Promise<Tab> }
}

export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & UiFixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & { readonly service: SdkService }
> = base.extend<UiFixtures, { service: SdkService }>({
  service: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures needed from this pattern.
    async ({}, use) => {
      const service = await SdkService.start(writeUiPage)
      service.pages.publish(service.staging.url, {})
      await use(service)
      await service.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  pages: async ({ browserEngine, viewport, colorScheme, forcedColors, service }, use) => {
    const { tab, close } = await browserEngine.newTab({ viewport, colorScheme, forcedColors: forcedColors ?? null })
    await use({
      async open() {
        await tab.open(`${service.pages.origin}/ui.html`)
        await expect.poll(() => tab.evaluate(() => 'replay' in globalThis, null)).toBe(true)
        return tab
      },
    })
    await close()
  },
})

export async function vector(name: string): Promise<Replayed> {
  const file = new URL(`../../spec/vectors/bundles/${name}.json`, import.meta.url)
  return JSON.parse(await readFile(file, 'utf8')) as Replayed
}

export async function replay(tab: Tab, recorded: Replayed, forged = false): Promise<void> {
  await tab.evaluate(([each, isForged]) => (globalThis as Globals).replay(each, isForged), [recorded, forged] as const)
}

export async function status(tab: Tab): Promise<string | null> {
  return tab.evaluate((at) => document.querySelector<HTMLElement>(at)?.dataset['status'] ?? null, badge)
}

export async function becomes(tab: Tab, expected: string): Promise<void> {
  await expect.poll(() => status(tab), { message: 'status of the badge' }).toBe(expected)
}

export async function text(tab: Tab, host: string, selector: string): Promise<string> {
  return (await inShadow(tab, host, selector)).map((each) => each.text).join(' ')
}

export async function openPanel(tab: Tab): Promise<void> {
  await tab.click(badge)
  await expect.poll(() => inShadow(tab, panel, 'dialog[open] .word')).toHaveLength(1)
}

export async function section(tab: Tab, name: string): Promise<void> {
  await clickInShadow(tab, panel, `[data-section=${name}] > summary`)
}

export const violations = (tab: Tab): Promise<readonly string[]> =>
  tab.evaluate(() => (globalThis as Globals).violations, null)

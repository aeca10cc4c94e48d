import type { Browser, BrowserContextOptions, Page } from '@playwright/test'
import type { Engine, Tab } from './tab.ts'

/** A browser that Playwright drives. */
export function playwrightEngine(browser: Browser): Engine {
  return {
    async newTab({ viewport, colorScheme, forcedColors } = {}) {
      const options: BrowserContextOptions = { ignoreHTTPSErrors: true, viewport: viewport ?? null }
      const context = await browser.newContext({
        ...options,
        ...(colorScheme !== undefined && { colorScheme }),
        ...(forcedColors !== undefined && { forcedColors }),
      })
      return { tab: new PlaywrightTab(await context.newPage()), close: () => context.close() }
    },
    close: () => browser.close(),
  }
}

class PlaywrightTab implements Tab {
  readonly printed: string[] = []
  readonly #page: Page

  constructor(page: Page) {
    this.#page = page
    page.on('console', (message) => this.printed.push(message.text()))
  }

  async open(address: string): Promise<void> {
    await this.#page.goto(address)
  }

  async back(): Promise<void> {
    // Firefox tells nobody of a page that comes from the back-forward cache: `goBack` would wait for ever.
    await this.#page.evaluate(() => void setTimeout(() => history.back()))
  }

  async setOffline(offline: boolean): Promise<void> {
    await this.#page.context().setOffline(offline)
  }

  async evaluate<Argument, Result>(
    script: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Awaited<Result>> {
    return this.#page.evaluate<Awaited<Result>, unknown>(script as (argument: unknown) => Awaited<Result>, argument)
  }

  async type(selector: string, text: string): Promise<void> {
    // Key by key, as a person does: in Firefox `fill` sets a value of which React never hears.
    await this.#page.locator(selector).first().pressSequentially(text)
  }

  async click(selector: string): Promise<void> {
    await this.#page.locator(selector).first().click()
  }

  async press(key: string): Promise<void> {
    await this.#page.keyboard.press(key)
  }

  async chooseFile(selector: string, path: string): Promise<void> {
    await this.#page.locator(selector).setInputFiles(path)
  }
}

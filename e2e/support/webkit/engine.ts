import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Engine, Tab } from '../tab.ts'
import { startDisplay } from './display.ts'
import { findMiniBrowser, startDriver } from './driver.ts'
import { Session } from './session.ts'

/** How long a browser has for its start: two of them within the time of one scenario. */
const patienceMs = 30_000

/** WebKitGTK, as its own driver offers it: Playwright cannot drive a WebKit that it has not patched. */
export async function launchWebKit(): Promise<Engine> {
  const binary = await findMiniBrowser()
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-webkit-'))
  const abort = new AbortController()
  const display = await startDisplay(folder, abort.signal)
  const driver = await startDriver(folder, display, abort.signal)
  return {
    async newTab() {
      // A browser of its own for each tab; with --automation it keeps nothing on disk.
      const capabilities = {
        acceptInsecureCerts: true,
        timeouts: { script: 90_000, pageLoad: 30_000 },
        'webkitgtk:browserOptions': { binary, args: ['--automation'] },
      }
      const create = (): Promise<Session> => Session.create(driver.address, capabilities, patienceMs)
      // On a busy machine the driver loses a browser now and then before its first command.
      const session = await create().catch(create)
      return { tab: new WebKitTab(session), close: () => session.delete() }
    },
    async close() {
      await driver.stop()
      await display.stop()
      abort.abort()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** WebDriver §15.4.2, of the keys that scenarios press. */
const keyCodes: Readonly<Record<string, string>> = { Enter: '\uE006', Escape: '\uE00C', Tab: '\uE004' }

class WebKitTab implements Tab {
  readonly #session: Session

  constructor(session: Session) {
    this.#session = session
  }

  /** @throws {Error} always: WebDriver has no command that reads the console */
  get printed(): never {
    throw new Error('WebDriver does not show the console: this scenario is not for WebKit')
  }

  async open(address: string): Promise<void> {
    await this.#session.navigate(address)
  }

  async back(): Promise<void> {
    await this.#session.back()
  }

  /** @throws {Error} always: WebDriver has no command for the network */
  async setOffline(): Promise<never> {
    throw new Error('WebDriver cannot take the network away: this scenario is not for WebKit')
  }

  async evaluate<Argument, Result>(
    script: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Awaited<Result>> {
    return (await this.#session.execute(`return (${script.toString()})(...arguments)`, [argument])) as Awaited<Result>
  }

  async type(selector: string, text: string): Promise<void> {
    await this.#session.sendKeys(await this.#session.find(selector), text)
  }

  async click(selector: string): Promise<void> {
    await this.#session.click(await this.#session.find(selector))
  }

  async press(key: string): Promise<void> {
    await this.#session.pressKey(keyCodes[key] ?? key)
  }

  async chooseFile(selector: string, path: string): Promise<void> {
    await this.type(selector, path)
  }
}

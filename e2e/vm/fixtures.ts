import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  test as base,
  expect,
  type PlaywrightTestArgs,
  type PlaywrightTestOptions,
  type PlaywrightWorkerArgs,
  type PlaywrightWorkerOptions,
  type TestType,
} from '@playwright/test'
import { artifacts, chatWorkers, modelId } from '../../services/staging/artifacts.ts'
import { PageServer } from '../../services/staging/page-server.ts'
import { launch } from '../support/browser.ts'
import { Chat } from '../support/chat.ts'
import { inShadow } from '../support/shadow.ts'
import type { Engine } from '../support/tab.ts'
import { Machines, type Booted, type Tampering } from './machines.ts'

export { expect }

/** A service as a page is told of it. */
export type Shown = Pick<Booted, 'url' | 'policy'>

/** Somebody at a browser who opens the chat of one service after the other. */
export class Visitor {
  readonly #engine: Engine
  readonly #pages: PageServer

  constructor(engine: Engine, pages: PageServer) {
    this.#engine = engine
    this.#pages = pages
  }

  /** Opens the chat in a tab that shares nothing with those before. */
  async open({ url, policy }: Shown): Promise<{ readonly chat: Chat; readonly close: () => Promise<void> }> {
    const { tab, close } = await this.#engine.newTab({ viewport: { width: 1280, height: 800 }, colorScheme: 'light' })
    this.#pages.publish(url, { url, policy, measured: [], upstream: 'in-image', model: modelId }, chatWorkers)
    await tab.open(`${this.#pages.origin}/`)
    return { chat: new Chat(tab), close }
  }

  /** `verified`, or the code of the refusal that the page shows with a sentence. */
  async verdict(shown: Shown): Promise<string> {
    const { chat, close } = await this.open(shown)
    try {
      if ((await chat.decided()) === 'ready') return 'verified'
      expect(await chat.canSend(), 'a refused service gets nothing').toBe(false)
      const said = (await inShadow(chat.tab, '[data-testid="error"]', '*')).map(({ text }) => text).join(' ')
      expect(said.split(/\s+/).length, `words of '${said}'`).toBeGreaterThan(5)
      return (await chat.refusal()) ?? 'no code'
    } finally {
      await close()
    }
  }
}

export interface Shared {
  readonly pageServer: PageServer
  readonly machines: Machines
  readonly visitor: Visitor
}

export interface Fixtures {
  readonly folder: string
  /** Boots what a host has changed, and gives the page's verdict under the policy of the release. */
  readonly verdictAfter: (tampering: Tampering) => Promise<string>
}

type Base = TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & Fixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & Shared
>

export const test: Base = base.extend<Fixtures, Shared>({
  pageServer: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures needed from this pattern.
    async ({}, use) => {
      const server = await PageServer.start(artifacts.page, 0)
      await use(server)
      await server.stop()
    },
    { scope: 'worker' },
  ],
  machines: [
    async ({ pageServer }, use) => use(await Machines.of(pageServer.origin)),
    { scope: 'worker', timeout: 1_800_000 },
  ],
  visitor: [
    async ({ pageServer }, use) => {
      const engine = await launch('chromium')
      await use(new Visitor(engine, pageServer))
      await engine.close()
    },
    { scope: 'worker' },
  ],
  // oxlint-disable-next-line no-empty-pattern -- as above
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-e2e-vm-'))
    await use(folder)
    await rm(folder, { recursive: true })
  },
  verdictAfter: async ({ machines, visitor }, use) => {
    await use(async (tampering) => {
      const booted = await machines.boot(tampering)
      try {
        return await visitor.verdict(booted)
      } finally {
        await booted.stop()
      }
    })
  },
})

import { readFile } from 'node:fs/promises'
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
import { artifacts, chatWorkers } from '../../services/staging/artifacts.ts'
import { PageServer } from '../../services/staging/page-server.ts'
import { startStaging, type Staging } from '../../services/staging/staging.ts'
import { launch, type EngineName } from './browser.ts'
import { Chat } from './chat.ts'
import { ServiceProxy, type ProxyBehaviour } from './service-proxy.ts'
import type { Engine } from './tab.ts'

export { expect }
export type { Chat, Staging }

/** What a visit of the chat differs in from that of the staging's own page. */
export interface Visit {
  /** Base URL of the service that the page is told. */
  readonly url?: string
  /** The policy that the page pins, JSON text. */
  readonly policy?: string
  /** Query of the page's address. */
  readonly query?: string
}

/** What a project of the configuration chooses. */
export interface EngineOption {
  readonly engine: EngineName
}

interface WorkerFixtures {
  readonly browserEngine: Engine
  /** A page server of the tests' own: its `/staging.json` says what a test needs. */
  readonly pageServer: PageServer
  readonly staging: Staging
}

interface TestFixtures {
  /** Opens the chat as `visit` has it; each call in a test uses the same tab. */
  readonly chat: (visit?: Visit) => Promise<Chat>
  /** Somebody between page and gateway, for this test. */
  readonly between: (behaviour: ProxyBehaviour, service?: string) => Promise<ServiceProxy>
}

/** The folder of the built chat; a sabotaged build names its own. */
const built = process.env['E2E_PAGE'] ?? artifacts.page

export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & TestFixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & WorkerFixtures & EngineOption
> = base.extend<TestFixtures, WorkerFixtures & EngineOption>({
  engine: ['chromium', { option: true, scope: 'worker' }],
  browserEngine: [
    async ({ engine }, use) => {
      const browserEngine = await launch(engine)
      await use(browserEngine)
      await browserEngine.close()
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  pageServer: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures needed from this pattern.
    async ({}, use) => {
      const server = await PageServer.start(built, 0)
      await use(server)
      await server.stop()
    },
    { scope: 'worker' },
  ],
  staging: [
    async ({ pageServer }, use) => {
      const staging = await startStaging({ origins: [pageServer.origin] })
      await use(staging)
      await staging.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  chat: async ({ browserEngine, viewport, colorScheme, pageServer, staging }, use) => {
    const { tab, close } = await browserEngine.newTab({ viewport, colorScheme })
    const chat = new Chat(tab)
    await use(async ({ url = staging.url, policy = staging.policy, query = '' } = {}) => {
      const { measured, upstream, model } = staging
      pageServer.publish(url, { url, policy, measured, upstream, model }, chatWorkers)
      await tab.open(`${pageServer.origin}/${query}`)
      return chat
    })
    await close()
  },
  between: async ({ staging }, use) => {
    const proxies: ServiceProxy[] = []
    await use(async (behaviour, service = staging.url) => {
      const proxy = await ServiceProxy.start(service, behaviour)
      proxies.push(proxy)
      return proxy
    })
    await Promise.all(proxies.map((proxy) => proxy.stop()))
  },
})

/** Encapsulated requests that ever arrived at a gateway, over whatever socket: it notes each before it opens it. */
export async function requestsAt({ folder }: Pick<Staging, 'folder'>): Promise<number> {
  const log = await readFile(join(folder, 'gateway.log'), 'utf8')
  return log.split('\n').filter((line) => line.includes('"event":"channel.request"')).length
}

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from '@playwright/test'
import { startStaging, type Staging } from '../../services/staging/staging.ts'
import { DropInSite, type DropInPage, integrityOf } from './dropin-site.ts'
import { PolicySigners } from './policy-signers.ts'
import { Recorder } from './recorder.ts'
import { writeSdkPage } from './sdk-page.ts'
import type { Tab } from './tab.ts'
import { test as base } from './test.ts'
import { RestartableUpstream } from './upstream/restartable-upstream.ts'

interface Service {
  readonly staging: Staging
  readonly site: DropInSite
  /** What stands before the gateway and keeps every byte. */
  readonly recorder: Recorder
}

export interface DeclaredPage {
  readonly tab: Tab
  /** Opens a page whose tag declares the service, with some attributes of its own; null takes one away. */
  readonly open: (tag?: Readonly<Record<string, string | null>>, page?: Omit<DropInPage, 'tag'>) => Promise<void>
  /** Requests that arrived before the gateway, but for those of the protocol. */
  readonly plain: () => string[]
}

export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & { readonly declared: DeclaredPage; readonly signers: PolicySigners },
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & { readonly service: Service }
> = base.extend<{ declared: DeclaredPage; signers: PolicySigners }, { service: Service }>({
  service: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures needed from this pattern.
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'blindllama-dropin-'))
      const abort = new AbortController()
      const site = await DropInSite.start()
      const upstream = await RestartableUpstream.start(folder, abort.signal)
      const page = await writeSdkPage(folder)
      const staging = await startStaging({ upstream: upstream.url, page, origins: [site.origin] })
      site.policy = staging.policy
      const recorder = await Recorder.start(staging.url)
      await use({ staging, site, recorder })
      await recorder.stop()
      await staging.stop()
      await site.stop()
      abort.abort()
      await rm(folder, { recursive: true, force: true })
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures needed from this pattern.
  signers: async ({}, use) => {
    const signers = await PolicySigners.start()
    await use(signers)
    await signers.stop()
  },
  declared: async ({ browserEngine, service: { site, recorder, staging } }, use) => {
    const { tab, close } = await browserEngine.newTab()
    const before = recorder.sentBy('client').length
    await use({
      tab,
      async open(own = {}, page = {}) {
        const attributes = {
          'data-url': recorder.url,
          'data-policy': '/policy.json',
          'data-policy-integrity': integrityOf(staging.policy),
          'data-upgrade': '',
          'data-dangerously-allow-simulated': 'true',
          ...own,
        }
        const tag = Object.fromEntries(
          Object.entries(attributes).filter((each): each is [string, string] => each[1] !== null),
        )
        await tab.open(site.address({ ...page, tag }))
      },
      plain: () =>
        [
          ...recorder
            .sentBy('client')
            .subarray(before)
            .toString('latin1')
            .matchAll(/^([A-Z]+ \S+) HTTP\/1\.1\r$/gm),
        ]
          .map(([, line = '']) => line)
          .filter((line) => !/^(?:GET|POST|OPTIONS) \/blindllama\/v1\//.test(line)),
    })
    await close()
  },
})

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
import { PageServer } from '../../services/staging/page-server.ts'
import { startStaging } from '../../services/staging/staging.ts'
import { type Deployment, deployment } from '../support/deployment.ts'
import { type SdkGlobals, writeSdkPage } from '../support/sdk-page.ts'
import { ServiceProxy, type ProxyBehaviour } from '../support/service-proxy.ts'
import type { Tab } from '../support/tab.ts'
import { expect, test as base } from '../support/test.ts'

/*
 * Scenarios that change nothing at a service, for any deployment: `pnpm e2e --url URL --policy FILE`. Each page is served by a proxy on the
 * loopback that passes the protocol on, so that the gateway need not list an origin of the tests.
 */

type Global = typeof globalThis & SdkGlobals

interface Visit {
  readonly tab: Tab
  readonly proxy: ServiceProxy
  /** What the page passes to `connect`. */
  readonly options: { readonly url: string; readonly policy: string; readonly dangerouslyAllowSimulated: boolean }
}

interface Fixtures {
  /** Opens a page in front of the service, with somebody between. */
  readonly visit: (behaviour?: ProxyBehaviour) => Promise<Visit>
}

const visits: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & Fixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & { readonly service: Deployment; readonly pageFolder: string }
> = base.extend<Fixtures, { service: Deployment; pageFolder: string }>({
  pageFolder: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixtures needed from this pattern.
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'blindllama-deployment-'))
      await use(await writeSdkPage(folder))
      await rm(folder, { recursive: true, force: true })
    },
    { scope: 'worker' },
  ],
  service: [
    async ({ pageFolder }, use) => {
      const undo: (() => Promise<void>)[] = []
      const service = await deployment(async () => {
        const staging = await startStaging({ page: pageFolder })
        undo.push(() => staging.stop())
        return staging
      })
      await use(service)
      for (const step of undo) await step()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  visit: async ({ browserEngine, pageFolder, service }, use) => {
    const { tab, close } = await browserEngine.newTab()
    const undo: (() => Promise<void>)[] = [close]
    await use(async (behaviour = {}) => {
      const pages = await PageServer.start(pageFolder, 0)
      undo.push(() => pages.stop())
      const proxy = await ServiceProxy.start(service.url, { ...behaviour, page: pages.origin })
      undo.push(() => proxy.stop())
      pages.publish(proxy.url, {})
      await tab.open(proxy.url)
      const { policy, allowSimulated: dangerouslyAllowSimulated } = service
      return { tab, proxy, options: { url: proxy.url, policy, dangerouslyAllowSimulated } }
    })
    for (const step of undo.toReversed()) await step()
  },
})

/** The code of what `connect` rejects with, or `passed`. */
function connecting(tab: Tab, options: Visit['options']): Promise<string> {
  return tab.evaluate(
    (each) =>
      (globalThis as Global).BlindLlama.connect(each).then(
        ({ verdict }) => `${verdict.result}ed`,
        ({ code }: { code: string }) => code,
      ),
    options,
  )
}

interface Asked {
  readonly options: Visit['options']
  readonly headers: Readonly<Record<string, string>>
}

/** Asks the first model of the service for a short answer, streamed. */
function asking(tab: Tab, asked: Asked): Promise<{ status: number; events: string[]; end: string }> {
  return tab.evaluate(async ({ options, headers }) => {
    const { connect } = (globalThis as Global).BlindLlama
    const { fetch } = await connect(options)
    const models = (await (await fetch(`${options.url}v1/models`, { headers })).json()) as { data: { id: string }[] }
    const messages = [{ role: 'user', content: 'Say hello.' }]
    const body = JSON.stringify({ model: models.data[0]?.id, messages, stream: true, max_tokens: 16 })
    const response = await fetch(`${options.url}v1/chat/completions`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      resend: 'never',
    } as RequestInit)
    const [end, text] = await response.text().then(
      (all) => ['whole', all] as const,
      (error: { code?: string }) => [error.code ?? 'failed', ''] as const,
    )
    const events = text.split(/\r?\n/).filter((line) => line.startsWith('data: '))
    return { status: response.status, events, end }
  }, asked)
}

visits.describe('a deployment @deployment', () => {
  visits('proves itself to a page, and streams an answer through the channel alone', async ({ visit, service }) => {
    const { tab, proxy, options } = await visit()
    const before = await service.requests()
    expect(await connecting(tab, options)).toBe('passed')
    expect(proxy.posts, 'nothing is sent before the verdict').toBe(0)
    const { status, events, end } = await asking(tab, { options, headers: service.headers })
    expect({ status, end, last: events.at(-1) }).toEqual({ status: 200, end: 'whole', last: 'data: [DONE]' })
    expect(events.length, 'events of the answer').toBeGreaterThan(2)
    const paths = proxy.seen.map(({ path }) => path).filter((path) => path.startsWith('/v1'))
    expect(paths, 'paths of the model server in clear text').toEqual([])
    if (before !== undefined) expect(await service.requests()).toBe(before + 2)
  })

  visits('is refused under a policy for another service, and nothing is sent', async ({ visit }) => {
    const { tab, proxy, options } = await visit()
    const policy = JSON.stringify({ ...(JSON.parse(options.policy) as object), audience: 'https://elsewhere.example' })
    expect(await connecting(tab, { ...options, policy })).toBe('claims.audience')
    expect(proxy.posts).toBe(0)
  })

  visits('is refused with the evidence of an earlier visit', async ({ visit }) => {
    let first: Uint8Array | undefined
    const { tab, proxy, options } = await visit({ evidence: (bundle) => (first ??= Uint8Array.from(bundle)) })
    expect(await connecting(tab, options)).toBe('passed')
    expect(await connecting(tab, options)).toMatch(/^binding\./)
    expect(proxy.posts).toBe(0)
  })

  visits('is refused with evidence that was altered', async ({ visit }) => {
    const { tab, proxy, options } = await visit({
      evidence: (bundle) => bundle.map((byte, at) => (at === bundle.length >> 1 ? byte ^ 1 : byte)),
    })
    expect(await connecting(tab, options)).not.toBe('passed')
    expect(proxy.posts).toBe(0)
  })

  visits('answers that are cut are never taken for complete', async ({ visit, service }) => {
    // Three chunks: the head and the beginning of the list of models, or of the answer.
    const { tab, options } = await visit({ cutAnswerAfterChunks: 1 })
    const end = await asking(tab, { options, headers: service.headers }).then(
      (answer) => answer.end,
      (error: unknown) => String(error),
    )
    expect(end).not.toBe('whole')
    expect(end).toMatch(/truncated|unknown_fate/)
  })

  visits('has no other route than those of its configuration', async ({ visit, service }) => {
    const { tab, options } = await visit()
    const answers = await tab.evaluate(
      async ({ options: each, headers }) => {
        const { fetch } = await (globalThis as Global).BlindLlama.connect(each)
        const codes: (string | null)[] = []
        for (const path of ['slots', 'metrics', 'v1/chat%2fcompletions', 'v1/realtime']) {
          const response = await fetch(`${each.url}${path}`, { headers })
          codes.push(`${response.status} ${response.headers.get('blindllama-code')}`)
        }
        return codes
      },
      { options, headers: service.headers },
    )
    const refused = '404 request.route'
    expect(answers).toEqual([refused, refused, refused, '501 request.realtime'])
  })
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as Sdk from '@blindllama/web-sdk'
import type * as State from '@blindllama/web-sdk/state'
import { PageServer } from '../../services/staging/page-server.ts'
import { startStaging, type Staging } from '../../services/staging/staging.ts'
import { writeSdkPage, type SdkGlobals } from '../support/sdk-page.ts'
import { expect, test } from '../support/test.ts'
import type { Tab } from '../support/tab.ts'

interface Visit {
  /** How often the page connects at the same time. */
  readonly times?: number
  /** What the browser, or another tab, does with the page's storage. */
  readonly storage?: 'raised' | 'refused' | 'cleared' | 'locked'
}

/** Connects with a state in IndexedDB. Gives the codes of the step `state`, or of what went wrong, and how much is kept. */
async function visit(
  tab: Tab,
  { url, policy }: Pick<Staging, 'url' | 'policy'>,
  { times = 1, storage }: Visit = {},
): Promise<{ outcomes: string[]; kept: number }> {
  return tab.evaluate(
    async ({ storage: fate, times: count, ...options }) => {
      const { BlindLlama } = globalThis as unknown as SdkGlobals
      const module = '/state.js'
      const { indexedDbState } = (await import(module)) as typeof State
      const store = indexedDbState()
      if (fate === 'cleared') await store.clear()
      if (fate === 'refused')
        indexedDB.open = () => {
          throw new DOMException('The operation is insecure.', 'SecurityError')
        }
      if (fate === 'raised') {
        // PROTOCOL.md §20: the count of resets stands behind the name of the key, the one string of 34 bytes.
        const kept = (await store.load()) ?? new Uint8Array()
        const at = kept.findIndex((byte, index) => byte === 0x58 && kept[index + 1] === 34) + 37
        const raised = [...kept.slice(0, at), 0x1a, 255, 255, 255, 255, ...kept.slice(at + 1)]
        await store.store(Uint8Array.from(raised), kept)
      }
      if (fate === 'locked') {
        await new Promise<void>((held) => {
          void navigator.locks.request('blindllama/state', async () => {
            held()
            return new Promise(() => {})
          })
        })
      }
      const connect = async (): Promise<string> => {
        try {
          const { verdict, close } = await BlindLlama.connect({
            ...options,
            state: indexedDbState(),
            dangerouslyAllowSimulated: true,
          })
          close()
          return verdict.steps.find(({ id }) => id === 'state')?.code ?? 'no step'
        } catch (error) {
          return (error as Sdk.BlindLlamaError).code ?? String(error)
        }
      }
      const outcomes = await Promise.all(Array.from({ length: count }, connect))
      return { outcomes, kept: fate === 'refused' ? 0 : ((await store.load())?.length ?? 0) }
    },
    {
      url,
      policy: JSON.stringify({ ...(JSON.parse(policy) as object), requireMonotonicState: true }),
      times,
      storage: storage ?? null,
    },
  )
}

test.describe('what a page found out about a machine', () => {
  let folder: string
  let pages: PageServer
  let staging: Staging

  test.beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindllama-visits-'))
    const page = await writeSdkPage(folder)
    pages = await PageServer.start(page, 0)
    staging = await startStaging({ page, origins: [pages.origin] })
    pages.publish(staging.url, {})
  })
  test.afterAll(async () => {
    await staging?.stop()
    await pages?.stop()
    await rm(folder, { recursive: true, force: true })
  })

  test('is compared at the next visit, in all tabs, and a machine that went back is refused', async ({
    browserEngine,
  }) => {
    const { tab, close } = await browserEngine.newTab()
    try {
      await tab.open(`${pages.origin}/`)
      const first = await visit(tab, staging)
      expect(first).toMatchObject({ outcomes: ['ok'] })
      expect(first.kept).toBeGreaterThan(40)

      await tab.open(`${pages.origin}/post-quantum.html`)
      expect(await visit(tab, staging, { times: 6 }), 'six at the same time').toMatchObject({
        outcomes: Array.from({ length: 6 }, () => 'ok'),
      })
      expect(await visit(tab, staging, { storage: 'raised' })).toMatchObject({ outcomes: ['state.tpm_cleared'] })
      expect(await visit(tab, staging), 'it stays refused').toMatchObject({ outcomes: ['state.tpm_cleared'] })
      expect(await visit(tab, staging, { storage: 'cleared' })).toMatchObject({ outcomes: ['ok'] })
      expect(await visit(tab, staging, { storage: 'refused' })).toEqual({ outcomes: ['client.state'], kept: 0 })

      await tab.open(`${pages.origin}/`)
      expect(await visit(tab, staging, { storage: 'locked' }), 'another tab holds the lock for ever').toMatchObject({
        outcomes: ['client.state_timeout'],
      })
    } finally {
      await close()
    }
  })
})

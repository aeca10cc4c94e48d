import type * as Sdk from '@blindllama/web-sdk'
import type { SdkGlobals } from './sdk-page.ts'
import type { Tab } from './tab.ts'

/** The page's global object, with the client that it holds from one script of the test to the next. */
type Holding = typeof globalThis &
  SdkGlobals & { client: Sdk.BlindLlamaClient<true>; attested: string[]; restored: boolean }

export interface Service {
  /** Base URL. */
  readonly url: string
  readonly policy: string
}

/** `'ok'`, or the stable code of the error and what it says. */
export type Outcome = 'ok' | { readonly code: string; readonly message: string }

/** Connects in the page. */
export async function connectIn(tab: Tab, { url, policy }: Service): Promise<Outcome> {
  return tab.evaluate(
    async (options) => {
      const page = globalThis as unknown as Holding
      page.attested = []
      addEventListener('pageshow', ({ persisted }) => (page.restored = persisted))
      try {
        page.client = await page.BlindLlama.connect({
          ...options,
          dangerouslyAllowSimulated: true,
          onEvent: (event) => void (event.type === 'attesting' && page.attested.push(event.reason)),
        })
        return 'ok'
      } catch (error) {
        const { code, message } = error as Sdk.BlindLlamaError
        return { code, message }
      }
    },
    { url, policy },
  )
}

/** Sends a request that a model answers, and reads the answer to its end. */
export async function askIn(tab: Tab, { url }: Pick<Service, 'url'>): Promise<Outcome> {
  return tab.evaluate(async (base) => {
    const { client } = globalThis as unknown as Holding
    try {
      const headers = { 'content-type': 'application/json' }
      const body = JSON.stringify({ tokens: 3 })
      const response = await client.fetch(`${base}v1/chat/completions`, { method: 'POST', headers, body })
      return (await response.text()).includes('[DONE]') ? 'ok' : { code: '', message: `answered ${response.status}` }
    } catch (error) {
      const { code, message } = error as Sdk.BlindLlamaError
      return { code, message }
    }
  }, url)
}

/** Why the client of the page attested, each time in its order. */
export async function attestationsOf(tab: Tab): Promise<readonly string[]> {
  return tab.evaluate(() => (globalThis as unknown as Holding).attested, null)
}

/** Whether the page came back from the back-forward cache as it was. */
export async function wasRestored(tab: Tab): Promise<boolean> {
  return tab.evaluate(() => (globalThis as unknown as Holding).restored ?? false, null)
}

import { useMemo } from 'react'
import type { Model } from '../conversation/conversation.ts'
import { keepErrors } from '../conversation/keep-errors.ts'
import type { Settings } from '../settings/settings.ts'
import type { Staging } from '../staging.ts'
import { loadPart, once } from '../ui/load-part.ts'

type Client = Model['openai']

/** The unmodified `openai` package over the verified `fetch`. It is loaded when the person begins to write. */
export function useClient(staging: Staging | undefined, fetch: typeof globalThis.fetch): Client | undefined {
  return useMemo(() => {
    if (staging === undefined) return undefined
    return once(async () => {
      const { default: OpenAI } = await loadPart(async () => import('openai'))
      return new OpenAI({
        baseURL: `${staging.url}v1`,
        // The staging's model asks for none. One that does gets it inside the encryption, like everything else.
        apiKey: 'not-needed',
        dangerouslyAllowBrowser: true,
        fetch: keepErrors(fetch),
        // The SDK asks once more where the gateway is gone. Beyond that the person decides: a question may have been run.
        maxRetries: 0,
        logLevel: 'off',
      })
    })
  }, [staging, fetch])
}

export function useModel(openai: Client | undefined, own: string | undefined, settings: Settings): Model | undefined {
  return useMemo(() => {
    const name = settings.model ?? own
    return openai === undefined || name === undefined ? undefined : { openai, name, settings }
  }, [openai, own, settings])
}

import type OpenAI from 'openai'
import { useCallback, useMemo, useRef, useState } from 'react'
import { explain } from '../explain.ts'
import { offeredModels, type OfferedModel } from './models.ts'

export interface OfferedModels {
  readonly models: readonly OfferedModel[]
  /** Why the service named none. */
  readonly problem: string | undefined
  /** Asks the service, once for each verified client. Never rejects. */
  readonly load: () => Promise<readonly OfferedModel[]>
}

/** The answer is a list: a service that takes longer than this, in ms, has none. */
const ANSWER_MS = 20_000

/** @param openai the client of the verified service; `undefined` while nothing may be asked */
export function useModels(openai: (() => Promise<OpenAI>) | undefined): OfferedModels {
  const [found, setFound] = useState<Pick<OfferedModels, 'models' | 'problem'>>({ models: [], problem: undefined })
  const asked = useRef<{ readonly of: unknown; readonly answer: Promise<readonly OfferedModel[]> } | undefined>(
    undefined,
  )
  const load = useCallback(async (): Promise<readonly OfferedModel[]> => {
    if (!openai) return []
    if (asked.current?.of === openai) return asked.current.answer
    const ask = async (): Promise<readonly OfferedModel[]> => {
      try {
        const models = await offeredModels(await openai(), AbortSignal.timeout(ANSWER_MS))
        setFound({ models, problem: undefined })
        return models
      } catch (error) {
        asked.current = undefined
        setFound({ models: [], problem: `The service named no models. ${explain(error).sentence}` })
        return []
      }
    }
    const answer = ask()
    asked.current = { of: openai, answer }
    return answer
  }, [openai])
  return useMemo(() => ({ ...found, load }), [found, load])
}

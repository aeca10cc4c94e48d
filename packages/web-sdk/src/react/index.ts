'use client'

import { openClient } from '../connect.js'
import { origins } from '../origins.js'
import { Sessions } from './sessions.js'
import { createUseBlindLlama, type UseBlindLlama } from './use-blindllama.js'

export type { UseBlindLlamaOptions } from './options.js'
export type { BlindLlamaState, UseBlindLlama } from './use-blindllama.js'

/**
 * Attests the service when the component appears and shows where that stands. Its `fetch` is a function from the first render
 * on, which waits for the attestation and never sends anything that is not encrypted.
 *
 * ```tsx
 * const { status, fetch, verification, error, retry } = useBlindLlama({ url: 'https://llm.example/', policy })
 * const openai = useMemo(() => new OpenAI({ baseURL: 'https://llm.example/v1', apiKey, dangerouslyAllowBrowser: true, fetch }), [fetch])
 * ```
 *
 * Options may be written inline: they are compared by value, and components with equal options share one attestation.
 * Without options the hook is idle. It is idle on a server too, so that markup and hydration agree.
 */
export const useBlindLlama: UseBlindLlama = createUseBlindLlama(new Sessions((options) => openClient(options, origins)))

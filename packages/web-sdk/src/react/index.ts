'use client'

import { openClient } from '../connect.js'
import { origins } from '../origins.js'
import { createProvider } from './provider.js'
import { Sessions } from './sessions.js'
import { createUseBlindLlama } from './use-blindllama.js'

export type { UseBlindLlamaOptions } from './options.js'
export { useBlindLlamaFetch, useProvidedBlindLlama } from './provider.js'
export type { BlindLlamaProviderProps, Provided, UseBlindLlamaAnywhere } from './provider.js'
export type { BlindLlama, BlindLlamaState, UseBlindLlama } from './use-blindllama.js'

const made: ReturnType<typeof createProvider> = createProvider(
  createUseBlindLlama(new Sessions((options) => openClient(options, origins))),
)

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
 * With `null` or `undefined` the hook is idle. It is idle on a server too, so that markup and hydration agree. Without an argument it is
 * the hook of the `<BlindLlamaProvider>` above.
 */
export const useBlindLlama: (typeof made)['useBlindLlama'] = made.useBlindLlama

/**
 * Attests one service for all components in it.
 *
 * ```tsx
 * <BlindLlamaProvider options={{ url: 'https://llm.example/', policy }}>
 *   <Chat />
 * </BlindLlamaProvider>
 * ```
 */
export const BlindLlamaProvider: (typeof made)['BlindLlamaProvider'] = made.BlindLlamaProvider

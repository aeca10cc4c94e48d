import { connect } from '../index.js'
import { Sessions } from './sessions.js'
import { createUseBlindLlama, type UseBlindLlama } from './use-blindllama.js'

export type { UseBlindLlamaOptions } from './options.js'
export type { BlindLlamaState } from './session.js'
export type { UseBlindLlama } from './use-blindllama.js'

/**
 * Attests the service when the component appears and shows where that stands; gives a `fetch` once it is proven.
 *
 * ```tsx
 * const { status, fetch, verification, error, retry } = useBlindLlama({ url: 'https://llm.example/', policy })
 * const openai = useMemo(() => fetch && new OpenAI({ baseURL: 'https://llm.example/v1', apiKey, dangerouslyAllowBrowser: true, fetch }), [fetch])
 * ```
 *
 * Options may be written inline: they are compared by value, and components with equal options share one attestation.
 * Without options the hook is idle. It is idle on a server too, so that markup and hydration agree.
 */
export const useBlindLlama: UseBlindLlama = createUseBlindLlama(new Sessions(connect))

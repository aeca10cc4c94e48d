import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { type ChatTransport, convertToModelMessages, streamText, type UIMessage } from 'ai'
import type { ChannelFetch } from './channel/fetch.js'
import { BlindLlamaError } from './errors.js'
import { assertKnown } from './known-options.js'
import { isChannelFetch } from './outer-fetch.js'

export interface BlindLlamaTransportOptions {
  /** The `fetch` of a client, of `useBlindLlama` or of `useBlindLlamaFetch`: as it is, and not wrapped. */
  fetch: ChannelFetch
  /** Base URL of the service, as in `connect`. */
  url: string | URL
  /** The name of the model, as the service calls it. */
  model: string
  /** Sent inside of the encryption alone. */
  apiKey?: string
  /** Instructions before the conversation. */
  system?: string
}

/**
 * A transport for `useChat` of the AI SDK, which asks the verified service itself: no server of the page stands between.
 *
 * ```tsx
 * const fetch = useBlindLlamaFetch()
 * const transport = useMemo(() => blindLlamaTransport({ fetch, url: 'https://llm.example/', model: 'llama' }), [fetch])
 * const chat = useChat({ transport })
 * ```
 *
 * It never sends anything that is not encrypted: a `fetch` of the platform, or a function around one of this package, is refused. The error
 * of the chat ends with the code, as those of `BlindLlamaError` do.
 *
 * @throws {BlindLlamaError} `client.options`
 */
export function blindLlamaTransport(options: BlindLlamaTransportOptions): ChatTransport<UIMessage> {
  assertKnown(options, 'fetch url model apiKey system')
  const { fetch, url, model, apiKey, system } = options
  if (typeof fetch !== 'function' || !isChannelFetch(fetch))
    throw new BlindLlamaError('client.options', '`fetch` must be that of a client or a hook of this package, unwrapped')
  if (typeof model !== 'string' || model === '')
    throw new BlindLlamaError('client.options', '`model` must be the name of a model')
  if (!URL.canParse(url)) throw new BlindLlamaError('client.options', '`url` is not an absolute URL')
  const base = new URL(url)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  const provider = createOpenAICompatible({
    name: 'blindllama',
    baseURL: new URL('v1', base).href,
    fetch,
    ...(apiKey !== undefined && { apiKey }),
  })
  return {
    async sendMessages({ messages, abortSignal, headers, body }) {
      const answer = streamText({
        model: provider(model),
        messages: await convertToModelMessages(messages),
        // Addresses of files stay what they are, for the server to judge. By default the page would ask for them, past the encryption.
        experimental_download: async (files) => files.map(() => null),
        // The client sends a request again where that is safe; a question that may have been run is the person's to repeat.
        maxRetries: 0,
        ...(system !== undefined && { system }),
        ...(abortSignal && { abortSignal }),
        ...(headers && { headers: Object.fromEntries(new Headers(headers)) }),
        ...(body && { providerOptions: { blindllama: body as Record<string, never> } }),
        // The stream of the chat tells it; by default it is printed too.
        onError: () => {},
      })
      return answer.toUIMessageStream({ onError: messageOf })
    },
    // An answer exists in its channel alone, and ends with it.
    reconnectToStream: async () => null,
  }
}

/** What the person may read. Messages of other libraries can quote the request. */
function messageOf(error: unknown): string {
  return BlindLlamaError.find(error)?.message ?? 'The model server reported an error'
}

import { createContext, createElement, type ReactElement, type ReactNode, useContext } from 'react'
import type { ChannelFetch } from '../channel/fetch.js'
import { BlindLlamaError } from '../errors.js'
import type { UseBlindLlamaOptions } from './options.js'
import type { BlindLlama, UseBlindLlama } from './use-blindllama.js'

/** What a `<BlindLlamaProvider>` gives to the components in it. */
export interface Provided {
  readonly service: BlindLlama
  /** As the provider was given them; absent where it has none yet. */
  readonly options: UseBlindLlamaOptions | undefined
}

export interface BlindLlamaProviderProps {
  /** As those of `useBlindLlama`. Without any, everything below is idle and sends nothing. */
  readonly options: UseBlindLlamaOptions | null | undefined
  readonly children?: ReactNode
}

/** The hook with options, or that of the provider above. */
export interface UseBlindLlamaAnywhere extends UseBlindLlama {
  /**
   * @throws {BlindLlamaError} `client.options` where no `<BlindLlamaProvider>` is above the component. Its verdict may be simulated where
   *   the provider allows that.
   */
  (): BlindLlama
}

const Context = createContext<Provided | undefined>(undefined)

/** Makes provider and hooks over the hook with options. */
export function createProvider(useOwn: UseBlindLlama): {
  BlindLlamaProvider: (props: BlindLlamaProviderProps) => ReactElement
  useBlindLlama: UseBlindLlamaAnywhere
} {
  return {
    BlindLlamaProvider({ options, children }) {
      const service = useOwn(options)
      // The object changes with each change of the service, and so must what is shown of it.
      return createElement(Context.Provider, { value: { service, options: options ?? undefined } }, children)
    },
    // Without options is another thing than with options that are not known yet, which is idle.
    useBlindLlama: ((...given: [options?: UseBlindLlamaOptions | null]) => {
      const provided = useContext(Context)
      const own = useOwn(given[0])
      if (given.length > 0) return own
      return assertProvided(provided, 'useBlindLlama() without options').service
    }) as UseBlindLlamaAnywhere,
  }
}

/**
 * The service of the provider above, with the options that it was given: what a badge or a panel needs.
 *
 * @throws {BlindLlamaError} `client.options` where no `<BlindLlamaProvider>` is above the component
 */
export function useProvidedBlindLlama(): Provided {
  return assertProvided(useContext(Context), 'useProvidedBlindLlama()')
}

/**
 * The `fetch` of the provider above: one function while its options are equal. It encrypts to the attested key, waits for an attestation
 * under way, and rejects with its code where that failed; it never sends anything in another way.
 *
 * ```tsx
 * const fetch = useBlindLlamaFetch()
 * const openai = useMemo(() => new OpenAI({ baseURL: 'https://llm.example/v1', apiKey, dangerouslyAllowBrowser: true, fetch }), [fetch])
 * ```
 *
 * @throws {BlindLlamaError} `client.options` where no `<BlindLlamaProvider>` is above the component
 */
export function useBlindLlamaFetch(): ChannelFetch {
  return assertProvided(useContext(Context), 'useBlindLlamaFetch()').service.fetch
}

function assertProvided(provided: Provided | undefined, what: string): Provided {
  if (provided) return provided
  throw new BlindLlamaError('client.options', `${what} needs a <BlindLlamaProvider> above the component`)
}

import { type Provided, useProvidedBlindLlama } from '@blindllama/web-sdk/react'
import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { Proof } from '../proof/proof.js'

/** A proof that follows its service while a component shows it. */
interface Followed {
  readonly proof: Proof
  shown: number
  stop: (() => void) | undefined
}

/** One proof for each service: three elements verify its evidence once. `follow` is one function while the options are equal. */
const followed = new WeakMap<object, Followed>()

function followedOf({ service, options }: Provided): Followed | undefined {
  if (!options) return undefined
  const known = followed.get(service.follow)
  if (known) return known
  const { url, policy, dangerouslyAllowSimulated = false, wasm } = options
  const proof = new Proof({ url, policy, dangerouslyAllowSimulated, wasm, retry: service.retry })
  const made: Followed = { proof, shown: 0, stop: undefined }
  followed.set(service.follow, made)
  return made
}

/**
 * The proof of the `<BlindLlamaProvider>` above, for the elements of `@blindllama/ui` and for a display of one's own; `undefined` while the
 * provider has no options. The component is drawn again when the proof changes.
 *
 * ```tsx
 * const proof = useProof()
 * return <p>{proof?.state.status === 'proven' ? 'Proven' : 'Not proven'}</p>
 * ```
 *
 * @throws {BlindLlamaError} `client.options` where no `<BlindLlamaProvider>` is above the component
 */
export function useProof(): Proof | undefined {
  const provided = useProvidedBlindLlama()
  const { follow } = provided.service
  const hasOptions = provided.options !== undefined
  // Options may be written inline: those of the first render are equal to those of the others.
  const own = useMemo(() => followedOf(provided), [follow, hasOptions])
  const subscribe = useCallback(
    (changed: () => void) => {
      if (!own) return () => {}
      own.shown += 1
      own.stop ??= follow(own.proof.onEvent)
      const leave = own.proof.subscribe(changed)
      return () => {
        leave()
        own.shown -= 1
        if (own.shown > 0) return
        own.stop?.()
        own.stop = undefined
      }
    },
    [own, follow],
  )
  useSyncExternalStore(
    subscribe,
    () => own?.proof.state,
    () => undefined,
  )
  return own?.proof
}

import type { ConnectOptions } from '../options.js'

/**
 * The options of `connect` that a component can state. The hook owns the life of the client, so there is no `signal`;
 * it may connect more than once, so `wasm` is nothing that can be read only once. `receipts` is made outside of components.
 */
export interface UseBlindLlamaOptions<AllowSimulated extends boolean = boolean> extends Omit<
  ConnectOptions<AllowSimulated>,
  'signal' | 'wasm'
> {
  wasm?: string | URL | Uint8Array | WebAssembly.Module
}

const identities = new WeakMap<object, number>()
let identitiesGiven = 0

/**
 * What two sets of options have in common if one attestation may serve both. Compared by value, so that a component may
 * write its options inline; only `receipts` and the bytes or the module of `wasm` count by identity. Neither `onEvent` nor
 * `state` counts: the `state` of the first component serves.
 */
export function optionsKey(options: UseBlindLlamaOptions): string {
  const { url, policy, relay, receipts, wasm, attestTimeoutMs, resend, dangerouslyAllowSimulated } = options
  return JSON.stringify([
    String(url),
    policyKey(policy),
    dangerouslyAllowSimulated === true,
    relay === undefined ? null : String(relay),
    attestTimeoutMs ?? null,
    resend ?? null,
    receipts === undefined ? null : identity(receipts),
    wasm === undefined || typeof wasm === 'string' || wasm instanceof URL ? [String(wasm)] : identity(wasm),
  ])
}

function policyKey(policy: UseBlindLlamaOptions['policy']): readonly [kind: string, text: string] {
  if (typeof policy === 'string') return ['text', policy]
  if (policy instanceof Uint8Array) return ['bytes', policy.join()]
  return ['object', JSON.stringify(policy)]
}

function identity(value: object): number {
  const known = identities.get(value)
  if (known !== undefined) return known
  identitiesGiven += 1
  identities.set(value, identitiesGiven)
  return identitiesGiven
}

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

/** The text of the policy, in whichever form it is given: the verifier gets the same bytes. */
function policyKey(policy: UseBlindLlamaOptions['policy']): string {
  if (typeof policy === 'string') return policy
  if (!ArrayBuffer.isView(policy)) return JSON.stringify(policy)
  try {
    // A byte order mark stays in the text: the verifier refuses a policy that begins with one.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(policy)
  } catch {
    return policy.join()
  }
}

function identity(value: object): number {
  const known = identities.get(value)
  if (known !== undefined) return known
  identitiesGiven += 1
  identities.set(value, identitiesGiven)
  return identitiesGiven
}

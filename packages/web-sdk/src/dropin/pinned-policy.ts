import { within } from '../abort.js'
import type { Bytes } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { discard } from '../outer-fetch.js'
import { policyBytes } from '../options.js'
import type { Policy, PolicyJson } from '../policy.js'
import { readLimited } from '../read-limited.js'

/** PROTOCOL.md §7: the largest policy. */
const maxPolicyBytes = 256 * 1024
const timeoutMs = 30_000

/** A hash as in `integrity`, with the length of its algorithm: https://www.w3.org/TR/sri-2/#grammardef-hash-expression */
const hashForm = /^(?:sha256-[A-Za-z0-9+/]{43}=|sha384-[A-Za-z0-9+/]{64}|sha512-[A-Za-z0-9+/]{86}==)$/

export interface PinnedPolicy {
  /** JSON text, which begins with `{`; its bytes or an object; or the address of a file, for which `policyIntegrity` is required. */
  policy: string | Uint8Array | Policy | PolicyJson
  /** Hashes of the file, as in the attribute `integrity` of a script: `sha384-…`, several with blanks between. One must fit. */
  policyIntegrity?: string | undefined
}

/** A policy, or the address of one with the hashes that it must have one of. */
export type PolicySource = Bytes | { address: string; hashes: readonly string[] }

/**
 * Where the policy comes from. One by address without a pin would be the choice of its server, and with it all trust.
 *
 * @throws {BlindLlamaError} `policy.unpinned`, `client.options`
 */
export function policySource({ policy, policyIntegrity }: PinnedPolicy): PolicySource {
  if (typeof policy !== 'string' || policy.trimStart().startsWith('{')) {
    if (policyIntegrity !== undefined)
      throw new BlindLlamaError(
        'client.options',
        'A policy that is written out has no integrity: it is pinned as it is',
      )
    return policyBytes(policy)
  }
  const tokens = (policyIntegrity ?? '').split(/\s+/).filter((token) => token !== '')
  if (tokens.length === 0)
    throw new BlindLlamaError(
      'policy.unpinned',
      `The policy at ${JSON.stringify(policy)} has no hash, so its server could choose another one. Add data-policy-integrity`,
    )
  const malformed = tokens.find((token) => !hashForm.test(token))
  if (malformed !== undefined)
    throw new BlindLlamaError(
      'policy.unpinned',
      `${JSON.stringify(malformed)} in data-policy-integrity is no hash. Write sha384- and 64 characters of base64`,
    )
  return { address: policy, hashes: tokens }
}

/**
 * The bytes of the policy, as pinned.
 *
 * @throws {BlindLlamaError} `policy.unreachable`, `policy.integrity`
 */
export async function loadPolicy(source: PolicySource, fetch: typeof globalThis.fetch): Promise<Bytes> {
  if (source instanceof Uint8Array) return source
  const { address, hashes } = source
  const bytes = await within(
    timeoutMs,
    () => unreachable(address, 'no answer within 30 s'),
    undefined,
    (signal) => download(address, fetch, signal),
  )
  for (const hash of hashes) {
    const digest = await crypto.subtle.digest(hash.slice(0, 6).replace('sha', 'SHA-'), bytes)
    if (hash.slice(7) === btoa(String.fromCharCode(...new Uint8Array(digest)))) return bytes
  }
  throw new BlindLlamaError(
    'policy.integrity',
    `The policy at ${address} has none of the pinned hashes. Pin the hash of the file that you reviewed`,
  )
}

async function download(address: string, fetch: typeof globalThis.fetch, signal: AbortSignal): Promise<Bytes> {
  let response: Response
  try {
    response = await fetch(address, { signal, redirect: 'error', referrerPolicy: 'no-referrer', cache: 'no-cache' })
  } catch (cause) {
    throw unreachable(address, 'no answer', cause)
  }
  if (response.status !== 200) {
    discard(response)
    throw unreachable(address, `status ${response.status}`)
  }
  const bytes = await readLimited(response, maxPolicyBytes, signal).catch((cause: unknown) => {
    throw unreachable(address, 'the answer broke off', cause)
  })
  if (!bytes) throw unreachable(address, 'more than 256 KiB')
  return bytes
}

function unreachable(address: string, what: string, cause?: unknown): BlindLlamaError {
  return new BlindLlamaError('policy.unreachable', `The policy at ${address} could not be loaded: ${what}`, { cause })
}

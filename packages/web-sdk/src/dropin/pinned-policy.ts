import { within } from '../abort.js'
import type { Bytes } from '../bytes.js'
import { assertEnvironment } from '../environment.js'
import { BlindLlamaError } from '../errors.js'
import { discard } from '../outer-fetch.js'
import { policyBytes } from '../options.js'
import type { Policy, PolicyJson } from '../policy.js'
import { readLimited } from '../read-limited.js'
import { memoryOf, signedPolicy } from './signed-policy.js'

/** PROTOCOL.md §7: the largest policy. */
const maxPolicyBytes = 256 * 1024
/** A document of 256 KiB in base64, with 16 signatures. */
const maxEnvelopeBytes = 512 * 1024
const timeoutMs = 30_000

/** A hash as in `integrity`, with the length of its algorithm: https://www.w3.org/TR/sri-2/#grammardef-hash-expression */
const hashForm = /^(?:sha256-[A-Za-z0-9+/]{43}=|sha384-[A-Za-z0-9+/]{64}|sha512-[A-Za-z0-9+/]{86}==)$/

/** An Ed25519 key, as `blindllama release keygen` prints it. */
const keyForm = /^[0-9a-f]{64}$/
/** PROTOCOL.md §19.1: more cannot sign. */
const maxKeys = 16

export interface PinnedPolicy {
  /**
   * JSON text, which begins with `{`; its bytes or an object; or the address of a file, for which `policyIntegrity` or `policyKeys` is
   * required.
   */
  policy: string | Uint8Array | Policy | PolicyJson
  /** Hashes of the file, as in the attribute `integrity` of a script: `sha384-…`, several with blanks between. One must fit. */
  policyIntegrity?: string | undefined
  /**
   * Public keys in hexadecimal, several with blanks between. The file is then one that `blindllama policy sign` wrote, and all of them must
   * have signed it.
   */
  policyKeys?: string | undefined
}

/** A policy; or the address of one with the hashes that it must have one of, or with the keys that all must have signed it. */
export type PolicySource = Bytes | Hashed | Signed

interface Hashed {
  readonly address: string
  readonly hashes: readonly string[]
}

interface Signed {
  readonly address: string
  readonly keys: readonly string[]
}

/**
 * Where the policy comes from. One by address without a pin would be the choice of its server, and with it all trust.
 *
 * @throws {BlindLlamaError} `policy.unpinned`, `client.options`
 */
export function policySource({ policy, policyIntegrity, policyKeys }: PinnedPolicy): PolicySource {
  if (typeof policy !== 'string' || policy.trimStart().startsWith('{')) {
    if (policyIntegrity !== undefined || policyKeys !== undefined)
      throw new BlindLlamaError(
        'client.options',
        'A policy that is written out has no integrity and no keys: it is pinned as it is',
      )
    return policyBytes(policy)
  }
  if (policyIntegrity !== undefined && policyKeys !== undefined)
    throw new BlindLlamaError(
      'client.options',
      'A hash pins one file, and keys pin every file that they sign. Give data-policy-integrity or data-policy-keys, not both',
    )
  return policyKeys === undefined
    ? { address: policy, hashes: hashesIn(policyIntegrity, policy) }
    : { address: policy, keys: keysIn(policyKeys) }
}

function hashesIn(policyIntegrity: string | undefined, policy: string): readonly string[] {
  const tokens = words(policyIntegrity)
  if (tokens.length === 0)
    throw unpinned(
      `The policy at ${JSON.stringify(policy)} has no hash and no keys, so its server could choose another one. Add data-policy-integrity or data-policy-keys`,
    )
  const malformed = tokens.find((token) => !hashForm.test(token))
  if (malformed !== undefined)
    throw unpinned(
      `${JSON.stringify(malformed)} in data-policy-integrity is no hash. Write sha384- and 64 characters of base64`,
    )
  return tokens
}

function keysIn(policyKeys: string): readonly string[] {
  const keys = words(policyKeys)
  if (keys.length === 0 || keys.length > maxKeys) throw unpinned(`data-policy-keys must have 1 to ${maxKeys} keys`)
  const malformed = keys.find((key) => !keyForm.test(key))
  if (malformed !== undefined)
    throw unpinned(
      `${JSON.stringify(malformed)} in data-policy-keys is no key. Write the 64 digits that blindllama release keygen printed`,
    )
  if (new Set(keys).size < keys.length) throw unpinned('data-policy-keys names a key twice, which counts once')
  return keys
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '')
}

function unpinned(message: string): BlindLlamaError {
  return new BlindLlamaError('policy.unpinned', message)
}

/**
 * The bytes of the policy, as pinned.
 *
 * @throws {BlindLlamaError} `client.environment`, `policy.unreachable`, `policy.integrity`, and what `signedPolicy` throws
 */
export async function loadPolicy(source: PolicySource, fetch: typeof globalThis.fetch): Promise<Bytes> {
  if (source instanceof Uint8Array) return source
  assertEnvironment()
  const limit = 'keys' in source ? maxEnvelopeBytes : maxPolicyBytes
  const { address } = source
  const bytes = await within(
    timeoutMs,
    () => unreachable(address, 'no answer within 30 s'),
    undefined,
    (signal) => download(address, fetch, limit, signal),
  )
  if ('hashes' in source) return assertHash(bytes, source)
  return signedPolicy(bytes, source.keys, { nowMs: Date.now(), memory: await memoryOf(address, source.keys) })
}

async function assertHash(bytes: Bytes, { address, hashes }: Hashed): Promise<Bytes> {
  for (const hash of hashes) {
    const digest = await crypto.subtle.digest(hash.slice(0, 6).replace('sha', 'SHA-'), bytes)
    if (hash.slice(7) === btoa(String.fromCharCode(...new Uint8Array(digest)))) return bytes
  }
  throw new BlindLlamaError(
    'policy.integrity',
    `The policy at ${address} has none of the pinned hashes. Pin the hash of the file that you reviewed`,
  )
}

async function download(
  address: string,
  fetch: typeof globalThis.fetch,
  limit: number,
  signal: AbortSignal,
): Promise<Bytes> {
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
  const bytes = await readLimited(response, limit, signal).catch((cause: unknown) => {
    throw unreachable(address, 'the answer broke off', cause)
  })
  if (!bytes) throw unreachable(address, `more than ${limit / 1024} KiB`)
  return bytes
}

function unreachable(address: string, what: string, cause?: unknown): BlindLlamaError {
  return new BlindLlamaError('policy.unreachable', `The policy at ${address} could not be loaded: ${what}`, { cause })
}

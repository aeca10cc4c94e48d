import { type Bytes, fromHex, hex, utf8 } from '../bytes.js'
import { BlindLlamaError } from '../errors.js'
import { verifyEd25519 } from '../signed/ed25519.js'
import { readEnvelope, type SignedDocument, signedMessage } from '../signed/envelope.js'
import { readJson } from '../signed/json-object.js'
import { indexedDbState } from '../state/indexed-db.js'
import type { StateStore } from '../attestation/state-store.js'

/** PROTOCOL.md §19.9 */
const maxSignatures = 16
const maxPayloadBytes = 262_144
const maxValidityMs = 366 * 86_400_000
/** How far the clock of the signer may be ahead of the page's. */
const skewMs = 300_000
/** Of reading and writing what is kept: each time another tab was faster. */
const maxRounds = 8

interface Document {
  readonly dateMs: number
  readonly notAfterMs: number
  readonly policy: Bytes
}

/** What decides beside the file itself. */
export interface Surroundings {
  readonly nowMs: number
  /** Holds the date of the newest policy that was accepted. */
  readonly memory: StateStore
}

/**
 * The policy in a signed document (PROTOCOL.md §19.9), once every one of `keys` signed it, it is in force, and no newer one was seen.
 *
 * @param keys public keys, in hex
 * @throws {BlindLlamaError} `policy.envelope`, `policy.signature`, `policy.future`, `policy.expired`, `policy.back`,
 *   `client.environment`, `client.state`, `client.state_timeout`
 */
export async function signedPolicy(
  file: Bytes,
  keys: readonly string[],
  { nowMs, memory }: Surroundings,
): Promise<Bytes> {
  const envelope = envelopeIn(file)
  for (const key of keys) await assertSignedBy(envelope, key)
  const { dateMs, notAfterMs, policy } = documentIn(envelope.payload)
  if (dateMs > nowMs + skewMs)
    throw new BlindLlamaError(
      'policy.future',
      `The policy is dated ${instant(dateMs)}, and here it is ${instant(nowMs)}. Correct the clock of this device, or sign the policy again`,
    )
  if (nowMs >= notAfterMs)
    throw new BlindLlamaError(
      'policy.expired',
      `The policy was valid until ${instant(notAfterMs)}. Sign it again with: blindllama policy sign`,
    )
  await remember(dateMs, memory)
  return policy
}

/** A place for the date of each policy: other keys or another address begin anew. */
export async function memoryOf(address: string, keys: readonly string[]): Promise<StateStore> {
  const { href } = new URL(address, globalThis.document?.baseURI ?? globalThis.location?.href)
  const digest = await crypto.subtle.digest('SHA-256', utf8([href, ...[...keys].sort()].join('\n')))
  return indexedDbState({ name: `blindllama-policy-${hex(new Uint8Array(digest))}` })
}

function envelopeIn(file: Bytes): SignedDocument {
  let envelope: SignedDocument
  try {
    envelope = readEnvelope(file, 'policy')
  } catch {
    throw malformed('it is not the DSSE envelope of a policy')
  }
  if (envelope.signatures.length > maxSignatures) throw malformed(`it has more than ${maxSignatures} signatures`)
  if (envelope.payload.length > maxPayloadBytes) throw malformed('it has more than 256 KiB')
  return envelope
}

/** Every signature that names the key must verify: a wrong one beside a right one is refused. */
async function assertSignedBy(envelope: SignedDocument, key: string): Promise<void> {
  const own = envelope.signatures.filter((each) => each.key === key)
  if (own.length === 0)
    throw new BlindLlamaError(
      'policy.signature',
      `The key ${key} did not sign the policy, which may be the file of somebody else. Sign your own with that key`,
    )
  const message = signedMessage(envelope)
  for (const { signature } of own)
    if (!(await isSignature(key, signature, message)))
      throw new BlindLlamaError(
        'policy.signature',
        `The signature of ${key} does not belong to this policy. Serve the file as it was signed`,
      )
}

async function isSignature(key: string, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    return await verifyEd25519(fromHex(key), signature, message)
  } catch (cause) {
    // Engines give DataError for a point that they do not take, and NotSupportedError where they have no Ed25519.
    if ((cause as Error).name === 'DataError') return false
    throw new BlindLlamaError(
      'client.environment',
      'This browser cannot verify Ed25519 signatures. Pin the policy by data-policy-integrity',
      { cause },
    )
  }
}

function documentIn(payload: Bytes): Document {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(payload)
  } catch {
    throw malformed('it is not UTF-8')
  }
  const members = readJson(text, malformed)
  const [dateMs, notAfterMs, policy] = ['date', 'notAfter', 'policy'].map((name) => members.get(name))
  if (members.size !== 3 || typeof dateMs !== 'number' || typeof notAfterMs !== 'number' || typeof policy !== 'string')
    throw malformed('its members are date, notAfter and policy')
  if (notAfterMs <= dateMs || notAfterMs - dateMs > maxValidityMs)
    throw malformed('it is valid for no time, or for more than 366 days')
  const bytes = utf8(policy)
  // A lone surrogate has no encoding: an encoder writes something else in its place.
  if (new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes) !== policy) throw malformed('its policy is no text')
  return { dateMs, notAfterMs, policy: bytes }
}

/** Keeps the date of the newest policy, and refuses an older one. Of tabs that write at the same time, one begins again. */
async function remember(dateMs: number, memory: StateStore): Promise<void> {
  for (let round = 0; round < maxRounds; round++) {
    const kept = await memory.load()
    const newestMs = kept ? Number(new TextDecoder().decode(kept)) : 0
    if (!Number.isSafeInteger(newestMs))
      throw new BlindLlamaError('client.state', 'What the browser keeps for this policy is no date')
    if (dateMs < newestMs)
      throw new BlindLlamaError(
        'policy.back',
        `The policy is dated ${instant(dateMs)}, and this browser has seen one of ${instant(newestMs)}. Serve the newest one`,
      )
    if (dateMs === newestMs || (await memory.store(utf8(String(dateMs)), kept)) !== false) return
  }
  throw new BlindLlamaError('client.state', 'Other tabs kept changing what the browser keeps for this policy')
}

function instant(ms: number): string {
  return ms <= 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`
}

function malformed(what: string): BlindLlamaError {
  return new BlindLlamaError('policy.envelope', `The file is not a signed policy: ${what}`)
}

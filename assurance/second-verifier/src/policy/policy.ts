import { upstreams, type Upstream } from '../claims.ts'
import { type Json, readJson } from '../json.ts'
import type { Suite } from '../key-config.ts'
import { Members, oneOf } from '../members.ts'
import { demand, Refusal } from '../refusal.ts'
import type { Bank } from '../tpm/algorithm.ts'
import { type Anchor, type Assurance, assurances, readAnchor } from './anchor.ts'
import { checkReleases, type PcrPolicy, readPcrPolicy, readRelease } from './pcrs.ts'
import { type PlatformPolicy, readPlatformPolicy } from './platform.ts'
import { unsupported } from './refuse.ts'
import type { Release } from '../release/values.ts'
import { readSigning, type SigningPolicy } from './signing.ts'

/** What a page demands, PROTOCOL.md §7. */
export interface Policy {
  readonly audience: string | undefined
  readonly anchors: readonly Anchor[]
  readonly acceptAssurance: readonly Assurance[]
  readonly acceptUpstream: readonly Upstream[]
  readonly pcrs: PcrPolicy
  readonly releases: readonly Release[]
  readonly configDigests: readonly Uint8Array[]
  readonly signing: SigningPolicy
  readonly platform: PlatformPolicy | undefined
  readonly maxAgeMs: number
  readonly requireSafeClock: boolean
  readonly requireMonotonicState: boolean
  /** undefined: every suite that the engine has. */
  readonly suites: readonly Suite[] | undefined
}

const maxBytes = 256 << 10

/** @throws {Refusal} policy.* */
export function readPolicy(bytes: Uint8Array): Policy {
  demand(bytes.length <= maxBytes, 'policy.size', `${bytes.length} bytes`)
  const members = new Members(readJson(bytes, 'policy.syntax'), 'policy')
  const version = members.get('version')
  demand(typeof version === 'bigint' && version > 0n, 'policy.syntax', 'policy.version')
  if (version !== 1n) unsupported(`version ${version}`)
  demand(!members.has('$schema') || typeof members.get('$schema') === 'string', 'policy.syntax', 'policy.$schema')
  const pcrs = readPcrPolicy(members.object('pcrs'))
  const policy: Policy = {
    audience: members.optionalText('audience'),
    anchors: members.list('anchors', 256, (item) => readAnchor(members, item)),
    acceptAssurance: members.optionalList('acceptAssurance', 5, readAssurance) ?? assurances.slice(2),
    acceptUpstream: members.optionalList('acceptUpstream', 3, readUpstream) ?? ['in-image', 'attested'],
    pcrs,
    signing: readSigning(members),
    releases: readReleases(members, pcrs.bank),
    configDigests: members.optionalHexList('configDigests', 64, 32) ?? [],
    platform: members.has('platform') ? readPlatformPolicy(members.object('platform')) : undefined,
    maxAgeMs: members.integer('maxAgeMs', 1000, 86_400_000, 3_600_000),
    requireSafeClock: members.boolean('requireSafeClock', false),
    requireMonotonicState: members.boolean('requireMonotonicState', false),
    suites: members.optionalList('suites', 16, readSuite),
  }
  checkReleases(members, policy.pcrs, policy.releases)
  const anonymous = policy.anchors.some(({ isEndorsed }) => !isEndorsed)
  if (policy.requireMonotonicState && anonymous)
    members.noteInvalid('requireMonotonicState with an anchor without hierarchy')
  members.endDocument('policy.invalid')
  return policy
}

function readReleases(members: Members, bank: Bank): readonly Release[] {
  const isOptional = members.has('releaseKeys')
  if (isOptional && !members.has('releases')) return []
  return members.list('releases', 64, (item) => readRelease(members, item, bank))
}

function readAssurance(item: Json): Assurance {
  return oneOf(item, assurances, 'policy.acceptAssurance')
}

function readUpstream(item: Json): Upstream {
  return oneOf(item, upstreams, 'policy.acceptUpstream')
}

/** `kem-kdf-aead`, by the numbers of the HPKE registry (RFC 9180 §7). */
const kems: Readonly<Record<string, number>> = { x25519: 0x0020, mlkem768x25519: 0x647a }
const aeads: Readonly<Record<string, number>> = { aes128gcm: 1, aes256gcm: 2, chacha20poly1305: 3 }

function readSuite(item: Json): Suite {
  if (typeof item !== 'string') throw new Refusal('policy.syntax', 'policy.suites')
  const [, kem, aead] = /^(x25519|mlkem768x25519)-sha256-(aes128gcm|aes256gcm|chacha20poly1305)$/.exec(item) ?? []
  if (kem === undefined || aead === undefined) return unsupported(item)
  return [kems[kem] as number, 1, aeads[aead] as number]
}

import { utf8 } from '../bytes.ts'
import { upstreams, type Upstream } from '../claims.ts'
import { type Suite } from '../key-config.ts'
import { demand, Refusal } from '../refusal.ts'
import { type Anchor, type Assurance, assurances, readAnchor } from './anchor.ts'
import { type Json, readJson } from './json.ts'
import { Members, oneOf, readHex, unsupported } from './members.ts'
import { type PcrPolicy, readPcrPolicy, readRelease, type Release, checkReleases } from './pcrs.ts'

/** What a page demands, PROTOCOL.md §7. */
export interface Policy {
  readonly audience: string | undefined
  readonly anchors: readonly Anchor[]
  readonly acceptAssurance: readonly Assurance[]
  readonly acceptUpstream: readonly Upstream[]
  readonly pcrs: PcrPolicy
  readonly releases: readonly Release[]
  readonly configDigests: readonly Uint8Array[]
  readonly maxAgeMs: number
  readonly requireSafeClock: boolean
  /** undefined: every suite that the engine has. */
  readonly suites: readonly Suite[] | undefined
}

const later = ['replay', 'releaseKeys', 'log', 'platform', 'requireMonotonicState'] as const

/** @throws {Refusal} policy.* */
export function readPolicy(bytes: Uint8Array): Policy {
  const members = new Members(readJson(bytes), 'policy')
  const version = members.get('version')
  demand(typeof version === 'bigint' && version > 0n, 'policy.syntax', 'policy.version')
  if (version !== 1n) unsupported(`version ${version}`)
  for (const name of later) if (members.get(name) !== undefined) unsupported(name)
  const pcrs = readPcrPolicy(members.get('pcrs'))
  const policy: Policy = {
    audience: readAudience(members.optionalText('audience')),
    anchors: members.list('anchors', 16, readAnchor),
    acceptAssurance: members.optionalList('acceptAssurance', 5, readAssurance) ?? assurances.slice(2),
    acceptUpstream: members.optionalList('acceptUpstream', 3, readUpstream) ?? ['in-image', 'attested'],
    pcrs,
    releases: members.list('releases', 64, (item) => readRelease(item, pcrs.bank)),
    configDigests: members.optionalList('configDigests', 64, readDigest) ?? [],
    maxAgeMs: members.integer('maxAgeMs', 1000, 86_400_000, 3_600_000),
    requireSafeClock: members.boolean('requireSafeClock', false),
    suites: members.optionalList('suites', 16, readSuite),
  }
  members.end()
  checkReleases(policy.pcrs, policy.releases)
  return policy
}

function readAudience(audience: string | undefined): string | undefined {
  if (audience !== undefined) demand(utf8(audience).length <= 255, 'policy.syntax', 'policy.audience')
  return audience
}

function readAssurance(item: Json): Assurance {
  return oneOf(item, assurances, 'policy.acceptAssurance')
}

function readUpstream(item: Json): Upstream {
  return oneOf(item, upstreams, 'policy.acceptUpstream')
}

export function readDigest(item: Json): Uint8Array {
  return readHex(item, 32, 'configDigests')
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

import type { Cbor } from './cbor.ts'
import { type KeyConfig, readKeyConfigs } from './key-config.ts'
import { utf8 } from './bytes.ts'
import { demand } from './refusal.ts'
import { decodeItem, Shape } from './shape.ts'

export const upstreams = ['in-image', 'attested', 'unattested'] as const
export type Upstream = (typeof upstreams)[number]

export const promptCaches = ['shared', 'salted', 'none'] as const
export type PromptCache = (typeof promptCaches)[number]

export interface Claims {
  readonly audiences: readonly string[]
  readonly instance: string
  readonly keys: readonly KeyConfig[]
  readonly epochId: Uint8Array
  readonly lifetimeMs: number
  readonly serverTimeMs: number
  readonly configDigest: Uint8Array
  readonly upstream: Upstream
  readonly receiptKey: Uint8Array | undefined
  /** Of this process of the gateway. */
  readonly instanceKey: Uint8Array | undefined
  readonly promptCache: PromptCache
}

const schema = 'claims.schema'

/**
 * Reads what the gateway says of itself, PROTOCOL.md §4. `asked` are the versions that the client speaks.
 *
 * @throws {Refusal} claims.encoding, claims.version, claims.schema, claims.keys
 */
export function readClaims(bytes: Uint8Array, version: bigint, asked: readonly number[]): Claims {
  const shape: Shape = new Shape(decodeItem(bytes, 'claims'), schema, 'claims')
  demand(shape.uint(0) === version, 'claims.version', 'another version than the bundle around them')
  const audiences = shape.array(1, 16, 1).map((item) => readAudience(item))
  shape.must(new Set(audiences).size === audiences.length, 1)
  const instance = shape.text(2)
  shape.must(/^[a-z0-9]{1,32}$/.test(instance), 2)
  const keyList = shape.bytes(3, 4096, 1)
  const claims = {
    audiences,
    instance,
    epochId: shape.bytes(4, 16, 16),
    lifetimeMs: Number(shape.uint(5, 86_400_000n, 1n)),
    serverTimeMs: Number(shape.uint(6, 2n ** 53n - 1n)),
    configDigest: shape.bytes(7, 32, 32),
    upstream: upstreams[Number(shape.uint(8, 2n))] as Upstream,
    receiptKey: shape.has(9) ? shape.bytes(9, 32, 32) : undefined,
  }
  if (shape.has(10)) for (const claim of shape.array(10, 16, 1)) checkGpuClaim(claim)
  const instanceKey = shape.has(11) ? shape.bytes(11, 32, 32) : undefined
  const versions = shape.array(12, 8, 1).map(readVersion)
  for (const [index, next] of versions.slice(1).entries()) shape.must(next > (versions[index] as bigint), 12)
  const promptCache = promptCaches[Number(shape.uint(13, 2n))] as PromptCache
  shape.end()
  const keys = readKeyConfigs(keyList)
  const common = versions.filter((spoken) => asked.includes(Number(spoken)))
  demand(common.at(-1) === version, 'claims.version', 'not the highest version that both speak')
  return { ...claims, instanceKey, promptCache, keys }
}

function readVersion(item: Cbor): bigint {
  demand(typeof item === 'bigint' && item >= 1n && item <= 63n, schema, 'a version')
  return item
}

function readAudience(item: Cbor): string {
  const length = typeof item === 'string' ? utf8(item).length : 0
  demand(typeof item === 'string' && length >= 1 && length <= 255, schema, 'an audience')
  return item
}

function checkGpuClaim(item: Cbor): void {
  const shape: Shape = new Shape(item, schema, 'gpu-claim')
  shape.uint(0)
  shape.bytes(1, Number.MAX_SAFE_INTEGER)
  shape.end()
}

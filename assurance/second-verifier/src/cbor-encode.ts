import { bigEndian, concat, utf8 } from './bytes.ts'
import type { Cbor } from './cbor.ts'

/** Encodes deterministically, RFC 8949 §4.2.1: the keys of a map must already ascend. */
export function encodeCbor(item: Cbor): Uint8Array {
  if (typeof item === 'bigint') return head(0, item)
  if (item instanceof Uint8Array) return concat(head(2, BigInt(item.length)), item)
  if (typeof item === 'string') return concat(head(3, BigInt(utf8(item).length)), utf8(item))
  if (item instanceof Map) {
    const members = [...(item as ReadonlyMap<bigint, Cbor>)].flatMap(([key, value]) => [
      head(0, key),
      encodeCbor(value),
    ])
    return concat(head(5, BigInt(item.size)), ...members)
  }
  const items = item as readonly Cbor[]
  return concat(head(4, BigInt(items.length)), ...items.map(encodeCbor))
}

function head(major: number, argument: bigint): Uint8Array {
  if (argument < 24n) return Uint8Array.of((major << 5) | Number(argument))
  const power = [0, 1, 2, 3].find((exponent) => argument < 1n << BigInt(8 << exponent)) ?? 3
  const bytes = concat(bigEndian(Number(argument >> 32n), 4), bigEndian(Number(argument & 0xffffffffn), 4))
  return concat(Uint8Array.of((major << 5) | (24 + power)), bytes.subarray(8 - (1 << power)))
}

/** What evidence is made of: PROTOCOL.md §3. */
export type Item = number | string | Uint8Array | readonly Item[] | ReadonlyMap<number, Item>

/** Deterministic CBOR (RFC 8949 §4.2.1). */
export function encode(item: Item): Buffer {
  if (typeof item === 'number') return head(0, item)
  if (item instanceof Uint8Array) return Buffer.concat([head(2, item.length), item])
  if (typeof item === 'string') {
    const text = Buffer.from(item)
    return Buffer.concat([head(3, text.length), text])
  }
  if (item instanceof Map) {
    const members = [...(item as ReadonlyMap<number, Item>)].sort(([one], [other]) => one - other)
    return Buffer.concat([head(5, members.length), ...members.flatMap(([key, value]) => [head(0, key), encode(value)])])
  }
  const items = item as readonly Item[]
  return Buffer.concat([head(4, items.length), ...items.map(encode)])
}

function head(major: number, argument: number): Buffer {
  const first = major << 5
  if (argument < 24) return Buffer.of(first | argument)
  if (argument < 0x100) return Buffer.of(first | 24, argument)
  const [size, code] = argument < 0x1_0000 ? [2, 25] : argument < 0x1_0000_0000 ? [4, 26] : [8, 27]
  const bytes = Buffer.alloc(1 + size)
  bytes[0] = first | code
  if (size === 8) bytes.writeBigUInt64BE(BigInt(argument), 1)
  else bytes.writeUIntBE(argument, 1, size)
  return bytes
}

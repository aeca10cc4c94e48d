import { createHash, createHmac } from 'node:crypto'

type Hash = 'sha256' | 'sha384'

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Labels of the TPM end with a zero byte (TPM 2.0 Part 1 §11.4.10.2). */
function labelOf(label: string): Buffer {
  return Buffer.from(`${label}\0`, 'latin1')
}

/** Blocks until there are `bits` of them, the first `bits / 8` bytes of all. */
function expand(bits: number, block: (counter: Buffer) => Buffer): Buffer {
  const blocks: Buffer[] = []
  for (let length = 0; length * 8 < bits; length += blocks.at(-1)?.length ?? 0)
    blocks.push(block(uint32(blocks.length + 1)))
  return Buffer.concat(blocks).subarray(0, bits / 8)
}

/**
 * KDFa (TPM 2.0 Part 1 §11.4.10.2): SP 800-108 in counter mode with HMAC.
 *
 * @param bits a multiple of 8
 */
export function kdfa(
  hash: Hash,
  key: Uint8Array,
  label: string,
  contextU: Uint8Array,
  contextV: Uint8Array,
  bits: number,
): Buffer {
  return expand(bits, (counter) =>
    createHmac(hash, key)
      .update(counter)
      .update(labelOf(label))
      .update(contextU)
      .update(contextV)
      .update(uint32(bits))
      .digest(),
  )
}

/**
 * KDFe (TPM 2.0 Part 1 §11.4.10.3): SP 800-56A, from an agreed value.
 *
 * @param z x of the agreed point, as long as the field
 * @param bits a multiple of 8
 */
export function kdfe(
  hash: Hash,
  z: Uint8Array,
  label: string,
  partyU: Uint8Array,
  partyV: Uint8Array,
  bits: number,
): Buffer {
  return expand(bits, (counter) =>
    createHash(hash).update(counter).update(z).update(labelOf(label)).update(partyU).update(partyV).digest(),
  )
}

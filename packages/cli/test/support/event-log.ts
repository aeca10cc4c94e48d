import { createHash } from 'node:crypto'

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/** TCG_PCR_EVENT2 (PFP §10.2.2) of the SHA-256 bank alone, whose digest is the hash of `data`. */
export function event(pcr: number, type: number, data: Buffer): Buffer {
  const digest = createHash('sha256').update(data).digest()
  return Buffer.concat([u32(pcr), u32(type), u32(1), Buffer.of(0x0b, 0), digest, u32(data.length), data])
}

/** TPM_ALG_ID and the size of its digest in bytes. */
const sha256 = Buffer.of(0x0b, 0, 32, 0)
export const sha1: Buffer = Buffer.of(0x04, 0, 20, 0)

/** A log that begins with a TCG_EfiSpecIDEvent (PFP §10.4.5.1) for SHA-256, and for `others` before it. */
export function cryptoAgileLog(events: readonly Buffer[], others: readonly Buffer[] = []): Buffer {
  const specId = Buffer.concat([
    Buffer.from('Spec ID Event03\0'),
    u32(0),
    Buffer.of(0, 2, 0, 2),
    u32(others.length + 1),
    ...others,
    sha256,
    Buffer.of(0),
  ])
  const header = Buffer.concat([u32(0), u32(3), Buffer.alloc(20), u32(specId.length), specId])
  return Buffer.concat([header, ...events])
}

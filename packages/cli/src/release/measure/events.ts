import { createHash } from 'node:crypto'

/** Something that a boot extends a PCR with. */
export interface Event {
  pcr: number
  /** SHA-256, hexadecimal. */
  digest: string
  /** Who measures what: for the person who compares. */
  what: string
}

const hashOf = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest()

/** An event whose digest is the hash of `data`. */
export function measured(pcr: number, data: Uint8Array, what: string): Event {
  return { pcr, digest: hashOf(data).toString('hex'), what }
}

/** What the events lead to, from the reset value on: TPM 2.0 Part 1 §17.2. Index to value, hexadecimal, of PCRs with events. */
export function replay(events: readonly Event[]): Record<string, string> {
  const values = new Map<number, Buffer>()
  for (const { pcr, digest } of events) {
    const before = values.get(pcr) ?? Buffer.alloc(32)
    values.set(pcr, hashOf(Buffer.concat([before, Buffer.from(digest, 'hex')])))
  }
  const sorted = [...values].toSorted(([a], [b]) => a - b)
  return Object.fromEntries(sorted.map(([pcr, value]) => [String(pcr), value.toString('hex')]))
}

const lengthPrefixed = (data: Uint8Array): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  return Buffer.concat([length, data])
}

/** The event of PCR 14 (PROTOCOL.md §7.2). */
export function configurationEvent(digest: Uint8Array): Event {
  const data = Buffer.concat([lengthPrefixed(Buffer.from('blindllama/config/v1')), lengthPrefixed(digest)])
  return measured(14, data, 'the configuration, by the first process of the image')
}

import { createHash } from 'node:crypto'
import { EV_NO_ACTION, type LogEvent } from './event-log.ts'

/**
 * Computes what the PCRs hold after `events`: each starts at zero, each event makes it H(value || digest)
 * (TPM 2.0 Library, Part 1 §17.2). Golden values come from here, from files on disk, and never from a TPM.
 *
 * @returns the SHA-256 bank, hexadecimal, only the PCRs that have events
 */
export function replay(events: readonly LogEvent[]): Map<number, string> {
  const values = new Map<number, Buffer>()
  for (const { pcr, type, digest } of events) {
    if (type === EV_NO_ACTION) continue
    const before = values.get(pcr) ?? Buffer.alloc(32)
    values.set(pcr, createHash('sha256').update(before).update(digest).digest())
  }
  return new Map([...values].map(([pcr, value]) => [pcr, value.toString('hex')]))
}

import { concat, equal } from '../bytes.ts'
import { digest, digestLength } from '../crypto.ts'
import { resetByte } from '../tpm/pcr.ts'
import { extending, type LogBank } from './bank.ts'
import { type EventLog, type LogEvent, startsWith } from './parse.ts'
import { eventType } from './types.ts'

export const lastPcr = 23
const startupLocality = 'StartupLocality\0'
/** TPM 2.0 Part 1 §34.3 */
export const hcrtmLocality = 4

export type Replay = ReadonlyMap<number, Uint8Array>

/** The values that follow from the log, PROTOCOL.md §16; PCRs without events are left out. */
export async function replay(log: EventLog, bank: LogBank): Promise<Replay> {
  const values = new Map<number, Uint8Array>()
  for (const { pcr, digest: measured } of extending(log, bank)) {
    if (pcr > lastPcr) continue
    const old = values.get(pcr) ?? startValue(pcr, bank, log)
    values.set(pcr, await digest(bank.hash, concat(old, measured)))
  }
  return values
}

/** What a PCR holds that nothing extends. */
export function resetValue(pcr: number, { hash }: LogBank): Uint8Array {
  return new Uint8Array(digestLength[hash]).fill(resetByte(pcr))
}

/** What a PCR holds before the first event of the log extends it. */
function startValue(pcr: number, bank: LogBank, log: EventLog): Uint8Array {
  const value = resetValue(pcr, bank)
  if (pcr === 0) value[value.length - 1] = startsWithHcrtm(log) ? hcrtmLocality : localityOf(log)
  return value
}

function extendsPcr0({ pcr, type }: LogEvent): boolean {
  return pcr === 0 && type !== eventType.noAction
}

/** Whether an H-CRTM was measured before TPM2_Startup, PFP 1.06 §10.4.1: its event is the first that extends PCR 0. */
export function startsWithHcrtm({ events }: EventLog): boolean {
  return events.find(extendsPcr0)?.type === eventType.hcrtm
}

export function claimsLocality({ type, data }: LogEvent): boolean {
  return type === eventType.noAction && startsWith(data, startupLocality)
}

/** The locality of TPM2_Startup that the log tells, PFP 1.06 §10.4.5.3; 0 where it tells none, or tells it wrongly or too late. */
function localityOf({ events }: EventLog): number {
  const first = events.find((event) => claimsLocality(event) || extendsPcr0(event))
  return first !== undefined && claimsLocality(first) && isLocality(first) ? (first.data.at(-1) as number) : 0
}

/** In form: one of PCR 0 that names one of the localities 0, 3 and 4. */
export function isLocality({ pcr, data }: LogEvent): boolean {
  return pcr === 0 && data.length === startupLocality.length + 1 && [0, 3, 4].includes(data.at(-1) as number)
}

/** Whether the log explains `value`. */
export function explains(values: Replay, pcr: number, value: Uint8Array): boolean {
  const replayed = values.get(pcr)
  return replayed !== undefined && equal(replayed, value)
}

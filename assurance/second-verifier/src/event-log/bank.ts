import { digest, type Hash } from '../crypto.ts'
import { Refusal } from '../refusal.ts'
import type { EventLog, LogEvent } from './parse.ts'
import { eventType } from './types.ts'

/** A bank that can be replayed here: WebCrypto has no SM3 and no SHA-3. */
export interface LogBank {
  readonly name: string
  readonly algorithm: number
  readonly hash: Hash
}

const replayable: readonly LogBank[] = [
  { name: 'sha1', algorithm: 0x0004, hash: 'SHA-1' },
  { name: 'sha256', algorithm: 0x000b, hash: 'SHA-256' },
  { name: 'sha384', algorithm: 0x000c, hash: 'SHA-384' },
  { name: 'sha512', algorithm: 0x000d, hash: 'SHA-512' },
]

/** The announced banks whose hash WebCrypto has, complete or not. */
export function banksOf({ algorithms }: EventLog): LogBank[] {
  return replayable.filter(({ algorithm }) => algorithms.includes(algorithm))
}

/** Whether every event that extends a PCR has a digest of the bank. */
export function isComplete({ events }: EventLog, { algorithm }: LogBank): boolean {
  return events.every(({ type, digests }) => type === eventType.noAction || digests.has(algorithm))
}

/** An event seen through one bank. */
export interface BankEvent extends LogEvent {
  readonly digest: Uint8Array
}

/**
 * The events that extend a PCR, with their digest of the bank, and their position in the log.
 *
 * @throws {Refusal} eventlog.digest_missing
 */
export function extending(
  { events }: EventLog,
  { algorithm }: LogBank,
): readonly (BankEvent & { readonly position: number })[] {
  return events.flatMap((event, position) => {
    if (event.type === eventType.noAction) return []
    const digestOfBank = event.digests.get(algorithm)
    if (digestOfBank === undefined) throw new Refusal('eventlog.digest_missing', `event ${position}`)
    return [{ ...event, digest: digestOfBank, position }]
  })
}

/** Hex of what separators may hold and of the actions that firmware names, by the digests that they have in a bank. */
export async function digestsOf(hash: Hash, ...texts: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
  return Promise.all(texts.map(async (text) => digest(hash, text)))
}

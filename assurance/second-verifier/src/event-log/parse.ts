import { all } from '../bytes.ts'
import { demand, Refusal } from '../refusal.ts'
import { LogReader } from './reader.ts'
import { eventType } from './types.ts'

/** A TCG_PCR_EVENT or TCG_PCR_EVENT2, PFP 1.06 §10.2. */
export interface LogEvent {
  readonly pcr: number
  readonly type: number
  /** By TPM_ALG_ID: not every event has one of every bank. */
  readonly digests: ReadonlyMap<number, Uint8Array>
  readonly data: Uint8Array
}

/** One log; `algorithms` are those of its digests, in order. */
export interface EventLog {
  readonly events: readonly LogEvent[]
  readonly algorithms: readonly number[]
}

const maxBytes = 1 << 20
const maxEvents = 8192
const sha1 = 0x0004

/** TCG Algorithm Registry §6.10: the hashes a bank may have, with the size of their digest. */
const digestSizes: ReadonlyMap<number, number> = new Map([
  [sha1, 20],
  [0x000b, 32],
  [0x000c, 48],
  [0x000d, 64],
  [0x0012, 32],
  [0x0027, 32],
  [0x0028, 48],
  [0x0029, 64],
])

/**
 * Reads a log to its last byte, PROTOCOL.md §16.
 *
 * @throws {Refusal} eventlog.*
 */
export function parseEventLog(log: Uint8Array): EventLog {
  demand(log.length > 0, 'eventlog.empty', 'no bytes')
  demand(log.length <= maxBytes, 'eventlog.size', `${log.length} bytes`)
  const reader = new LogReader(log)
  demand(!isPadding(reader), 'eventlog.padding', 'from the first byte')
  const first = readPcrEvent(reader)
  const announced = first.type === eventType.noAction && startsWith(first.data, 'Spec ID Event03\0')
  const algorithms = announced ? readSpecId(first) : [sha1]
  const events = [first]
  while (!reader.atEnd) {
    demand(!isPadding(reader), 'eventlog.padding', `after ${events.length} events`)
    demand(events.length < maxEvents, 'eventlog.size', 'more than 8192 events')
    const event = announced ? readPcrEvent2(reader, algorithms) : readPcrEvent(reader)
    checkNotSpecId(event, announced)
    events.push(event)
  }
  return { events, algorithms }
}

function isPadding(reader: LogReader): boolean {
  return all(reader.rest, 0) || all(reader.rest, 0xff)
}

function readPcrEvent(reader: LogReader): LogEvent {
  const [pcr, type] = [reader.uint32(), reader.uint32()]
  const digests = new Map([[sha1, reader.take(20)]])
  return { pcr, type, digests, data: reader.eventData() }
}

function readPcrEvent2(reader: LogReader, algorithms: readonly number[]): LogEvent {
  const [pcr, type, count] = [reader.uint32(), reader.uint32(), reader.uint32()]
  const digests = new Map<number, Uint8Array>()
  for (let read = 0; read < count; read += 1) {
    const id = reader.uint16()
    const name = `0x${id.toString(16)}`
    demand(algorithms.includes(id), 'eventlog.digest_algorithm', `digest of ${name}, which is not announced`)
    demand(!digests.has(id), 'eventlog.digest_count', `two digests of ${name}`)
    digests.set(id, reader.take(digestSizes.get(id) as number))
  }
  return { pcr, type, digests, data: reader.eventData() }
}

/** TCG_EfiSpecIDEvent, PFP 1.06 §10.4.5.1: the algorithms of all further events. */
function readSpecId({ digests, data }: LogEvent): number[] {
  const malformed = 'eventlog.spec_id'
  const reader = new LogReader(data, malformed)
  demand(all(digests.get(sha1) as Uint8Array, 0), malformed, 'its digest is not zero')
  reader.take(16 + 4 + 1)
  const [specVersionMajor] = [reader.uint8(), reader.uint8()]
  const uintnSize = reader.uint8()
  demand(specVersionMajor === 2, malformed, `specVersionMajor ${specVersionMajor}`)
  demand(uintnSize === 1 || uintnSize === 2, malformed, `uintnSize ${uintnSize}`)
  const count = reader.uint32()
  demand(count >= 1 && count <= 8, 'eventlog.algorithm', `${count} algorithms`)
  const algorithms = Array.from({ length: count }, () => {
    const [id, size] = [reader.uint16(), reader.uint16()]
    demand(digestSizes.get(id) === size, 'eventlog.algorithm', `0x${id.toString(16)} of ${size} bytes`)
    return id
  })
  demand(new Set(algorithms).size === count, 'eventlog.algorithm', 'an algorithm occurs twice')
  reader.take(reader.uint8())
  demand(reader.atEnd, malformed, 'bytes after vendorInfo')
  return algorithms
}

function checkNotSpecId({ type, data }: LogEvent, announced: boolean): void {
  if (type === eventType.noAction && startsWith(data, 'Spec ID Event'))
    throw new Refusal(
      announced ? 'eventlog.spec_id_duplicate' : 'eventlog.spec_id_position',
      'a Spec ID event that is not the first',
    )
}

export function startsWith(data: Uint8Array, text: string): boolean {
  return (
    data.length >= text.length && Array.from(text).every((character, index) => data[index] === character.charCodeAt(0))
  )
}

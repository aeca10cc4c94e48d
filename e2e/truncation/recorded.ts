import type { Staging } from '../../services/staging/staging.ts'
import { join, split, type Answer } from './chunks.ts'
import { cuts, flips, insertions, rearrangements, type Damaged } from './damage.ts'
import { nodeReader, type Reader } from './readers.ts'
import { ReplayService } from './replay-service.ts'
import { pinEphemeralKey } from './same-ephemeral.ts'
import type { Tally } from './tally.ts'
import { eventsOf } from '../support/upstream/answer-plan.ts'

/** An answer of the real gateway, and what it says. */
interface Recording {
  readonly bytes: Buffer
  readonly answer: Answer
  readonly events: readonly string[]
}

/** Answers of the real gateway, recorded once, damaged in every way, read by the real `connect`. */
export async function readRecordings(staging: Staging, tally: Tally): Promise<void> {
  const service = await ReplayService.start(staging.url)
  const reader = await nodeReader()
  try {
    await reader.connect(service.url, staging.policy)
    const long = await record(reader, service, 10, tally)
    for (const damaged of cuts(long.bytes)) {
      await readDamaged(reader, service, long, damaged, 'clean', tally)
      await readDamaged(reader, service, long, damaged, 'broken', tally)
    }
    await readDamaged(reader, service, long, { name: 'not cut', bytes: long.bytes }, 'broken', tally)

    const small = await record(reader, service, 3, tally)
    for (const damaged of [...rearrangements(small.answer), ...insertions(small.answer), ...flips(small.bytes)])
      await readDamaged(reader, service, small, damaged, 'clean', tally)
  } finally {
    await reader.stop()
    await service.stop()
  }
}

/** Records an answer, and shows that its replay is taken: as it is, and with its lengths in another form. */
async function record(reader: Reader, service: ReplayService, tokens: number, tally: Tally): Promise<Recording> {
  service.replay = undefined
  // A fresh one: the gateway refuses an encapsulation that it has seen.
  pinEphemeralKey()
  const plan = { tokens }
  const recording = { events: eventsOf(plan), bytes: Buffer.alloc(0) }
  const expected = recording.events.join('')
  const read = async (name: string): Promise<void> => {
    const ending = await ask(reader, service, plan)
    tally.undamaged({ name: `${tokens} tokens, ${name}`, ending, expected })
  }
  await read('straight from the gateway')
  const bytes = service.recorded
  const answer = split(bytes)
  if (answer.chunks.length !== recording.events.length + 2)
    throw new Error(`${recording.events.length} events came in ${answer.chunks.length} chunks, not one each`)
  for (const [name, replayed] of [
    ['recorded', bytes],
    ['recorded, with longer lengths', join(answer, 'long')],
  ] as const) {
    service.replay = { bytes: replayed, end: 'clean' }
    await read(name)
  }
  return { ...recording, bytes, answer }
}

async function readDamaged(
  reader: Reader,
  service: ReplayService,
  { bytes, answer, events }: Recording,
  damaged: Damaged,
  end: 'clean' | 'broken',
  tally: Tally,
): Promise<void> {
  service.replay = { bytes: damaged.bytes, end }
  const ending = await ask(reader, service, { tokens: events.length - 1 })
  // The head is one chunk, then each event is one: what may be given out are those that arrived unharmed and in their place.
  const unharmed = Math.max(0, wholeChunks(answer, commonPrefix(bytes, damaged.bytes)) - 1)
  const expected = events.slice(0, unharmed).join('')
  // A platform may throw away what it has received when a connection breaks.
  tally.damaged({ name: `${damaged.name}, ${end} end`, ending, expected, orLess: end === 'broken' })
}

async function ask(reader: Reader, { url }: ReplayService, plan: object): ReturnType<Reader['read']> {
  return reader.read({ url, body: JSON.stringify(plan), reachedAfter: Number.POSITIVE_INFINITY }, () => {})
}

/** How many chunks before the final one lie within the first `length` bytes. */
function wholeChunks({ nonce, chunks }: Answer, length: number): number {
  let count = 0
  while (count < chunks.length - 1 && join({ nonce, chunks: chunks.slice(0, count + 1) }).length <= length) count++
  return count
}

function commonPrefix(one: Buffer, other: Buffer): number {
  const shorter = Math.min(one.length, other.length)
  for (let index = 0; index < shorter; index++) if (one[index] !== other[index]) return index
  return shorter
}

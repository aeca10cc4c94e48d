import { type Bytes, concat } from '../packages/web-sdk/src/bytes.js'
import { openAnswer } from '../packages/web-sdk/src/channel/open-answer.js'
import { sealRequest } from '../packages/web-sdk/src/ohttp/seal-request.js'
import { encodeVarint } from '../packages/web-sdk/src/varint.js'
import { arriving, createKey, sealResponse } from './gateway-side.js'
import { type Quartiles, quartiles } from './statistics.js'

export interface AnswerResult {
  /** Milliseconds per MiB of a whole answer, by its length in MiB: equal where time grows with length alone. */
  msPerMiB: Record<string, Quartiles>
  /** Microseconds per event of an answer of 1 MiB in events of 64 bytes, each a chunk of its own. */
  usPerEvent: Quartiles
}

const mib = 1024 * 1024
/** In MiB. */
const lengths = [1, 16, 63]
const rounds = 5
const eventLength = 64
const eventRuns = 7
/** What leaves room for the length of the content in a chunk of 16 KiB. */
const contentLength = 16_380

/** Reads whole answers as an application does, through `Response` and its body. */
export async function benchAnswers(): Promise<AnswerResult> {
  const answers = new Map<number, Read>()
  for (const length of lengths) answers.set(length, await prepare(length * mib, contentLength))
  const times = new Map<number, number[]>(lengths.map((length) => [length, []]))
  // One length after the other in each round, so that what the machine does meanwhile falls on all; the first warms up.
  for (let round = -1; round < rounds; round += 1)
    for (const [length, read] of answers) {
      // As many bytes of each: short answers are over before an engine has compiled what reads them.
      const repeat = Math.ceil(16 / length)
      const start = performance.now()
      for (let count = 0; count < repeat; count += 1) await read()
      if (round >= 0) times.get(length)?.push((performance.now() - start) / (repeat * length))
    }
  const events = await prepare(mib, eventLength)
  const eventTimes: number[] = []
  for (let run = -1; run < eventRuns; run += 1) {
    const start = performance.now()
    await events()
    if (run >= 0) eventTimes.push(((performance.now() - start) * 1000 * eventLength) / mib)
  }
  return {
    msPerMiB: Object.fromEntries([...times].map(([length, sample]) => [length, quartiles(sample)])),
    usPerEvent: quartiles(eventTimes),
  }
}

/** Reads one answer to its end. */
type Read = () => Promise<void>

async function prepare(length: number, chunkContent: number): Promise<Read> {
  const { key } = await createKey()
  const { response: request } = await sealRequest(key, [new Uint8Array(512)])
  const sealed = await sealResponse(request, answerOf(length, chunkContent))
  return async () => {
    const { response } = await openAnswer(new Response(streamOf(sealed)), request, undefined)
    const reader = response.body?.getReader()
    let read = 0
    for (let part = await reader?.read(); part?.value; part = await reader?.read()) read += part.value.length
    if (read !== length) throw new Error('the answer is not whole')
  }
}

/** The plaintext of an answer of status 200, RFC 9292 §3.1, one chunk after the other. */
function* answerOf(length: number, chunkContent: number): Generator<Bytes, void, void> {
  yield concat(Uint8Array.of(3), encodeVarint(200), Uint8Array.of(0))
  const content = new Uint8Array(chunkContent).fill(0x61)
  for (let left = length; left > 0; left -= chunkContent) {
    const part = content.subarray(0, Math.min(left, chunkContent))
    yield concat(encodeVarint(part.length), part)
  }
  yield new Uint8Array(2)
}

function streamOf(body: Bytes): ReadableStream<Bytes> {
  const pieces = arriving(body)
  return new ReadableStream({
    pull(controller) {
      const { value } = pieces.next()
      if (value) controller.enqueue(value)
      else controller.close()
    },
  })
}

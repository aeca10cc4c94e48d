import type { Staging } from '../../services/staging/staging.ts'
import { requestHeads } from '../support/http-heads.ts'
import { loadSdk } from '../support/load-sdk.ts'
import { Recorder } from '../support/recorder.ts'
import { transferChunks, type TransferChunk } from './transfer-chunks.ts'

/** What somebody on the wire measured of known questions and answers. */
export interface Leakage {
  /** Lengths of prompts, in characters, and of the encapsulated requests they made, in bytes. */
  readonly requests: readonly { readonly prompt: number; readonly bytes: number }[]
  /** Lengths of answers that came as a whole, in characters, and of what encapsulated them, in bytes. */
  readonly answers: readonly { readonly answer: number; readonly bytes: number }[]
  /** Lengths of tokens and of the chunks that brought them, in bytes. */
  readonly tokens: readonly { readonly token: string; readonly bytes: number }[]
  readonly timing: { readonly sentEveryMs: number; readonly medianMs: number }
  /** Of a visit with `questions` questions: requests seen by method and path, the instance and the query left out. */
  readonly visit: { readonly questions: number; readonly seen: Readonly<Record<string, number>> }
}

/** Of prompts and of whole answers, in characters. */
const lengths: readonly number[] = Array.from({ length: 200 }, (_, index) => 10 * (index + 1))
const examples = [' a', ' yes', ' maybe', ' international', ' antidisestablishmentarianism']
const sentEveryMs = 100

/** Asks through a recorder in clear text, as it is behind whoever ends TLS, and measures what the recorder holds. */
export async function measureLeakage({ url, policy }: Staging): Promise<Leakage> {
  const { connect } = await loadSdk()
  const recorder = await Recorder.start(url)
  try {
    const client = await connect({ url: recorder.url, policy, dangerouslyAllowSimulated: true })
    const ask = async (plan: object): Promise<void> => {
      const request = { method: 'POST', body: JSON.stringify(plan) }
      await (await client.fetch(new URL('v1/chat/completions', recorder.url), request)).arrayBuffer()
    }
    const requests = []
    for (const prompt of lengths) {
      await ask({ tokens: 0, messages: [{ role: 'user', content: 'x'.repeat(prompt) }] })
      requests.push({ prompt, bytes: contentLengthOfLast(recorder) })
    }
    const visit = { questions: requests.length, seen: countRequests(recorder) }

    const answerTo = async (plan: object): Promise<readonly TransferChunk[]> => {
      const before = recorder.pieces.length
      await ask(plan)
      return transferChunks(recorder.pieces.slice(before).filter(({ from }) => from === 'server'))
    }
    const answers = []
    for (const answer of lengths) {
      const chunks = await answerTo({ tokens: ['x'.repeat(answer)], whole: true })
      answers.push({ answer, bytes: chunks.reduce((sum, { length }) => sum + length, 0) })
    }
    const chunks = await answerTo({ tokens: examples, everyMs: sentEveryMs })
    // The head comes first, `[DONE]` and the end last.
    const arrived = chunks.slice(1, 1 + examples.length)
    const tokens = examples.map((token, index) => ({ token, bytes: arrived[index]?.length ?? Number.NaN }))
    const gaps = arrived.slice(1).map(({ atMs }, index) => atMs - (arrived[index]?.atMs ?? Number.NaN))
    client.close()
    return { requests, answers, tokens, timing: { sentEveryMs, medianMs: median(gaps) }, visit }
  } finally {
    await recorder.stop()
  }
}

function contentLengthOfLast(recorder: Recorder): number {
  const [, length] =
    requestHeads(recorder.sentBy('client'))
      .at(-1)
      ?.fields.find(([name]) => name === 'content-length') ?? []
  return Number(length)
}

function countRequests(recorder: Recorder): Record<string, number> {
  const seen: Record<string, number> = {}
  for (const { method, target } of requestHeads(recorder.sentBy('client'))) {
    const what = `${method} ${target.replace(/\?.*/, '').replace(/\/o\/.*/, '/o/…')}`
    seen[what] = (seen[what] ?? 0) + 1
  }
  return seen
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

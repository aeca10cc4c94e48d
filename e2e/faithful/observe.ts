import { BlindLlamaError } from '@blindllama/web-sdk'
import type { Call, Fetch, Observed } from './call.ts'
import type { RawUpstream, Received } from './raw-upstream.ts'

/** What one run of a call showed, on both sides. */
export interface Run {
  readonly saw: Observed
  /** What the model server got. */
  readonly got: readonly Observed[]
}

/** Fields of requests that a program chose, and not its platform. */
const chosen: ReadonlySet<string> = new Set(['accept', 'authorization', 'content-type', 'openai-beta', 'x-own'])

/** A call that neither ends nor fails in this time has hung. */
const limitMs = 30_000

export async function observe(call: Call, upstream: RawUpstream, fetch: Fetch, base: string): Promise<Run> {
  await upstream.begin(call.answer)
  const late = new Promise<Observed>((resolve) => {
    setTimeout(resolve, limitMs, { hung: true }).unref()
  })
  const saw = await Promise.race([call.ask(fetch, base).catch(rejection), late])
  return { saw: JSON.parse(JSON.stringify(saw)) as Observed, got: upstream.requests.map(request) }
}

/** The words of an error are each implementation's own; a reason of the caller's must come back as it is. */
function rejection(error: unknown): Observed {
  if (BlindLlamaError.isInstance(error)) return { rejects: 'an error', code: error.code }
  if (!(error instanceof Error)) return { rejects: String(error) }
  const { name, message } = error
  return name === 'TypeError' || name === 'SyntaxError' ? { rejects: 'an error' } : { rejects: `${name}: ${message}` }
}

function request({ method, target, fields, body }: Received): Observed {
  const kept = fields
    .filter(([name, value]) => chosen.has(name) && value !== '*/*')
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  const boundary = /boundary=([^;]+)/.exec(kept.find(([name]) => name === 'content-type')?.[1] ?? '')?.[1]
  const anonymous = (text: string): string => (boundary === undefined ? text : text.replaceAll(boundary, 'boundary'))
  return {
    method,
    target,
    fields: kept.map(([name, value]) => `${name}: ${anonymous(value)}`),
    body: anonymous(body.toString('latin1')),
  }
}

import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, type Fetch, chatBody, chunk, chunked, delta, events, head, post } from '../call.ts'
import type { Answer } from '../raw-upstream.ts'

const silent: Answer = () => {}
/** Goes on for ever. */
const endless: Answer = async (socket) => {
  socket.write(head(200, [events, chunked]))
  for (let index = 0; !socket.destroyed; index += 1) {
    socket.write(chunk(`data: ${delta(`${index}`)}\n\n`))
    await sleep(10)
  }
}

function after(ms: number, reason?: unknown): AbortSignal {
  const controller = new AbortController()
  setTimeout(() => controller.abort(reason), ms)
  return controller.signal
}

/** Callers that leave, each with its own reason. */
export const cancellations: readonly Call[] = [
  {
    name: 'abort: before the request',
    answer: silent,
    ask: async (fetch: Fetch, base: string) => ({
      head: (await post(fetch, base, { signal: AbortSignal.abort(new Error('mine')) })).status,
    }),
  },
  {
    name: 'abort: before the head',
    answer: silent,
    ask: async (fetch: Fetch, base: string) => ({ head: (await post(fetch, base, { signal: after(50) })).status }),
  },
  {
    name: 'abort: before the head, by a time',
    answer: silent,
    ask: async (fetch: Fetch, base: string) => ({
      head: (await post(fetch, base, { signal: AbortSignal.timeout(50) })).status,
    }),
  },
  ...[undefined, 'because', new Error('mine')].map((reason) => ({
    name: `abort: inside the answer, with ${reason === undefined ? 'no reason' : `the reason ${String(reason)}`}`,
    answer: endless,
    ask: async (fetch: Fetch, base: string) => {
      const response = await post(fetch, base, { body: chatBody(true), signal: after(60, reason) })
      for await (const part of response.body ?? []) if (part.length === 0) return { empty: true }
      return { ended: true }
    },
  })),
  {
    name: 'abort: a body that is cancelled',
    answer: endless,
    ask: async (fetch: Fetch, base: string) => {
      const response = await post(fetch, base, { body: chatBody(true) })
      await response.body?.cancel()
      return { used: response.bodyUsed }
    },
  },
  {
    name: 'abort: a loop that is left',
    answer: endless,
    ask: async (fetch: Fetch, base: string) => {
      for await (const part of (await post(fetch, base, { body: chatBody(true) })).body ?? [])
        return { some: part.length > 0 }
      return {}
    },
  },
] satisfies Call[]

import { EventEmitter } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Call, type Fetch, chatBody, chunk, chunked, delta, events, head, post } from '../call.ts'
import type { Answer } from '../raw-upstream.ts'

const arrivals = new EventEmitter()
/** Says that the request came, and nothing else. */
const silent: Answer = () => {
  arrivals.emit('request')
}
/** Goes on for ever. */
const endless: Answer = async (socket) => {
  socket.write(head(200, [events, chunked]))
  for (let index = 0; !socket.destroyed; index += 1) {
    socket.write(chunk(`data: ${delta(`${index}`)}\n\n`))
    await sleep(10)
  }
}

/** Aborted once a request came, however busy the machine is. */
function onArrival(): AbortSignal {
  const controller = new AbortController()
  arrivals.once('request', () => controller.abort())
  return controller.signal
}

/** Its time is over once a request came: one that begins with the call could be over before, on a busy machine. */
function overOnArrival(): AbortSignal {
  const controller = new AbortController()
  arrivals.once('request', () => {
    const time = AbortSignal.timeout(100)
    time.addEventListener('abort', () => controller.abort(time.reason))
  })
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
    ask: async (fetch: Fetch, base: string) => ({ head: (await post(fetch, base, { signal: onArrival() })).status }),
  },
  {
    name: 'abort: before the head, by a time',
    answer: silent,
    ask: async (fetch: Fetch, base: string) => ({
      head: (await post(fetch, base, { signal: overOnArrival() })).status,
    }),
  },
  ...[undefined, 'because', new Error('mine')].map((reason) => ({
    name: `abort: inside the answer, with ${reason === undefined ? 'no reason' : `the reason ${String(reason)}`}`,
    answer: endless,
    ask: async (fetch: Fetch, base: string) => {
      const controller = new AbortController()
      const response = await post(fetch, base, { body: chatBody(true), signal: controller.signal })
      for await (const part of response.body ?? []) {
        if (part.length === 0) return { empty: true }
        // Not after a time: a busy machine would be asked later than that.
        controller.abort(reason)
      }
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

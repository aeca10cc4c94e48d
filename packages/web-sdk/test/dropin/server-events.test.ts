import { expect, test } from 'vitest'
import { type ServerEvent, serverEvents } from '../../src/dropin/server-events.js'

const headers = { 'content-type': 'text/event-stream; charset=utf-8' }
const code = (value: string): object => expect.objectContaining({ code: value }) as object

async function all(response: Response): Promise<ServerEvent[]> {
  const events: ServerEvent[] = []
  for await (const event of serverEvents(response)) events.push(event)
  return events
}

test('each event is given as soon as it is there', async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  const events = serverEvents(new Response(readable, { headers }))
  for (const text of ['data: ä\n\n', 'event: x\nid: 1\ndata: a\ndata: b\n\n']) {
    const next = events.next()
    const bytes = new TextEncoder().encode(text)
    // A character may be in two pieces.
    await writer.write(bytes.subarray(0, 7))
    await writer.write(bytes.subarray(7))
    expect((await next).value).toMatchObject({ data: text.includes('ä') ? 'ä' : 'a\nb' })
  }
  void writer.close()
  expect(await events.next()).toEqual({ done: true, value: undefined })
})

test('comments and unknown fields are passed over', async () => {
  expect(await all(new Response(': padding\n\nunknown: x\ndata: a\n\n', { headers }))).toMatchObject([{ data: 'a' }])
})

test.each([
  new Response('{}', { headers: { 'content-type': 'application/json' } }),
  new Response('data: a\n\n', { headers, status: 500 }),
  new Response(null, { headers }),
])('what is no stream of events is refused', async (response) => {
  await expect(all(response)).rejects.toThrow(code('dropin.events'))
})

test('an event of more than 16 Mi characters is refused', async () => {
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode(`data: ${'x'.repeat(2 ** 20)}`)),
  })
  await expect(all(new Response(body, { headers }))).rejects.toThrow(code('dropin.events'))
})

test('a body that breaks off rejects, and leaving the loop ends the request', async () => {
  const broken = new ReadableStream({ pull: (controller) => controller.error(new RangeError('cut')) })
  await expect(all(new Response(broken, { headers }))).rejects.toThrow(RangeError)
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: a\n\n')),
    cancel: () => void (cancelled = true),
  })
  for await (const _ of serverEvents(new Response(body, { headers }))) break
  expect(cancelled).toBe(true)
})

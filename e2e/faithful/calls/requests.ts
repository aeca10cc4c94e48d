import { Readable } from 'node:stream'
import { runInNewContext } from 'node:vm'
import { type Call, type Fetch, chatBody, chatPath, completion, json, look, sized } from '../call.ts'

const text = 'h\u00e9llo'
const plain = { 'content-type': 'application/octet-stream' }

function form(): FormData {
  const data = new FormData()
  data.set('purpose', 'assistants')
  data.set('file', new File([text], 'r"\u00e9 \u674e.txt', { type: 'text/plain' }))
  data.append('li\nne', 'a\nb\rc\r\nd')
  return data
}

function inForm(init: () => RequestInit & { duplex?: 'half' }, path = chatPath): Call['ask'] {
  return async (fetch, base) => look(await fetch(`${base}${path}`, { method: 'POST', ...init() }), base)
}

function get(path: string): Call['ask'] {
  return async (fetch, base) => look(await fetch(`${base}${path}`), base)
}

const ways: Readonly<Record<string, Call['ask']>> = {
  'a string': inForm(() => ({ body: text })),
  'no body': inForm(() => ({})),
  'an empty string': inForm(() => ({ body: '' })),
  'a Uint8Array': inForm(() => ({ body: new TextEncoder().encode(text), headers: plain })),
  'a part of a Uint8Array': inForm(() => ({ body: new TextEncoder().encode(`xx${text}`).subarray(2), headers: plain })),
  'an ArrayBuffer': inForm(() => ({ body: new TextEncoder().encode(text).buffer, headers: plain })),
  'a DataView': inForm(() => ({ body: new DataView(new ArrayBuffer(8), 2, 3), headers: plain })),
  'a Buffer': inForm(() => ({ body: Buffer.from(text), headers: plain })),
  'a Uint8Array of another realm': inForm(() => ({
    body: runInNewContext('new Uint8Array([97, 98, 99])') as Uint8Array<ArrayBuffer>,
    headers: plain,
  })),
  'an ArrayBuffer of another realm': inForm(() => ({
    body: runInNewContext('new Uint8Array([97, 98, 99]).buffer') as ArrayBuffer,
    headers: plain,
  })),
  'a Blob': inForm(() => ({ body: new Blob([text], { type: 'text/x' }) })),
  'a form': inForm(() => ({ body: form() })),
  'search parameters': inForm(() => ({ body: new URLSearchParams({ a: '\u00e9 b' }) })),
  'a stream': inForm(() => ({ body: new Blob([text]).stream(), headers: plain, duplex: 'half' })),
  'a byte stream': inForm(() => ({
    body: new ReadableStream({
      type: 'bytes',
      start(controller) {
        controller.enqueue(new TextEncoder().encode(text))
        controller.close()
      },
    }),
    headers: plain,
    duplex: 'half',
  })),
  'a stream of arrays of another realm': inForm(() => ({
    body: new ReadableStream({
      start(controller) {
        controller.enqueue(runInNewContext('new Uint8Array([97, 98])'))
        controller.close()
      },
    }),
    headers: plain,
    duplex: 'half',
  })),
  'a stream of texts, which are no bytes': inForm(() => ({
    body: new ReadableStream({
      start(controller) {
        controller.enqueue('text')
        controller.close()
      },
    }),
    headers: plain,
    duplex: 'half',
  })),
  'a Readable of Node.js': inForm(() => ({
    body: Readable.from([Buffer.from('ab'), Buffer.from('c')]) as unknown as ReadableStream,
    headers: plain,
    duplex: 'half',
  })),
  'a Request': async (fetch, base) =>
    look(
      await fetch(
        new Request(`${base}${chatPath}`, { method: 'POST', body: text, headers: { 'openai-beta': 'a=v2' } }),
      ),
      base,
    ),
  'a URL': async (fetch, base) => look(await fetch(new URL(chatPath, base), { method: 'POST', body: text }), base),
  'a fragment': async (fetch, base) =>
    look(await fetch(`${base}${chatPath}#part`, { method: 'POST', body: text }), base),
  'fields as Headers': inForm(() => ({
    body: text,
    headers: new Headers([
      ['openai-beta', 'a'],
      ['openai-beta', 'b'],
    ]),
  })),
  'fields as pairs': inForm(() => ({
    body: text,
    headers: [
      ['OpenAI-Beta', 'a=v2'],
      ['accept', 'text/event-stream'],
    ],
  })),
  'a field of its own': inForm(() => ({ body: text, headers: { ...plain, 'x-own': '1' } })),
  'a method in small letters': async (fetch, base) =>
    look(await fetch(`${base}${chatPath}`, { method: 'post', body: text }), base),
  '1 MiB': inForm(() => ({ body: chatBody(false) + ' '.repeat(1 << 20) })),
  models: get('v1/models'),
  'a model': get('v1/models/gpt-4o'),
  'a model with a slash': get('v1/models/meta-llama%2FLlama-3.1-8B'),
  'a model with a blank': get('v1/models/qwen2.5%20coder'),
  'a model with colons': get('v1/models/ft:gpt-4o:org::x'),
  'a moderation': inForm(
    () => ({ body: '{"model":"m","input":"hi"}', headers: { 'content-type': 'application/json' } }),
    'v1/moderations',
  ),
  ...Object.fromEntries(
    ['v1/audio/speech', 'v1/images/generations', 'v1/rerank', 'score', 'tokenize', 'v1/batches'].map((path) => [
      `JSON to ${path}`,
      inForm(() => ({ body: '{"input":"hi"}', headers: { 'content-type': 'application/json' } }), path),
    ]),
  ),
  ...Object.fromEntries(
    ['v1/files', 'v1/audio/transcriptions', 'v1/images/edits'].map((path) => [
      `a form with a file to ${path}`,
      inForm(() => ({ body: form() }), path),
    ]),
  ),
  'a batch': get('v1/batches/batch_abc'),
  'the end of a batch': inForm(() => ({}), 'v1/batches/batch_abc/cancel'),
  files: get('v1/files?purpose=batch&limit=2&order=asc&after=file-1'),
  'the end of a file': async (fetch, base) =>
    look(await fetch(`${base}v1/files/file-abc123`, { method: 'DELETE' }), base),
  'a file': get('v1/files/file-abc123'),
  'the content of a file': get('v1/files/file-abc123/content'),
  'the content of a file, with a slash that is encoded': get('v1/files/file-abc123%2Fcontent'),
  'a query': get('v1/models?limit=20&after=m%2F1'),
  "Azure's query": async (fetch, base) =>
    look(await fetch(`${base}${chatPath}?api-version=2024-10-21`, { method: 'POST', body: text }), base),
  'a GET with a body': async (fetch, base) =>
    // oxlint-disable-next-line unicorn/no-invalid-fetch-options -- That it is refused is the point.
    look(await fetch(`${base}v1/models`, { method: 'GET', body: text }), base),
  'a DELETE': async (fetch, base) => look(await fetch(`${base}v1/models/x`, { method: 'DELETE' }), base),
  'a path that is none': get('v1/nothing'),
  'a key of its own': inForm(() => ({ body: text, headers: { 'idempotency-key': crypto.randomUUID() } })),
  'a key of its own, used again after an answer': async (fetch, base) => {
    const init = { method: 'POST', body: text, headers: { 'idempotency-key': crypto.randomUUID() } }
    const first = await look(await fetch(`${base}${chatPath}`, init), base)
    return { first, second: (await fetch(`${base}${chatPath}`, init)).status }
  },
  'a response that is read into memory of its own': async (fetch: Fetch, base) => {
    const response = await fetch(`${base}v1/models`)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader({ mode: 'byob' })
    let length = 0
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(7))
      length += value?.length ?? 0
      if (done) return { length }
    }
  },
  'a response that is cloned': async (fetch, base) => {
    const response = await fetch(`${base}v1/models`)
    const copy = response.clone()
    return { texts: await Promise.all([response.text(), copy.text()]) }
  },
  'a response as a Blob': async (fetch, base) => {
    const blob = await (await fetch(`${base}v1/models`)).blob()
    return { type: blob.type, text: await blob.text() }
  },
}

/** What a program can ask, in all the ways of `fetch`. */
export const requests: readonly Call[] = Object.entries(ways).map(([name, ask]) => ({
  name: `request: ${name}`,
  answer: (socket, { method, target }) => {
    const methods = ['POST', 'GET', ...(target.startsWith('/v1/files/') ? ['DELETE'] : [])]
    const known = target.split('?')[0] !== '/v1/nothing' && methods.includes(method)
    if (target === '/v1/audio/speech')
      socket.write(
        sized(
          200,
          ['content-type: audio/mpeg'],
          Uint8Array.from({ length: 4096 }, (_, at) => at * 7),
        ),
      )
    else socket.write(known ? sized(200, [json], completion('hi')) : sized(404, [json], '{"error":{"message":"none"}}'))
  },
  ask,
}))

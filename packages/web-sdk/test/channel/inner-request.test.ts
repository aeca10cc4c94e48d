import { runInNewContext } from 'node:vm'
import { describe, expect, test, vi } from 'vitest'
import { type InnerRequest, readRequest } from '../../src/channel/inner-request.js'
import { paddedLength } from '../../src/channel/padding.js'
import { bytesOf, pattern } from '../support/bytes.js'

const base = new URL('https://service.example/base/')

async function read(path: string | URL | Request, init?: RequestInit): Promise<InnerRequest> {
  return readRequest(typeof path === 'string' ? new URL(path, base) : path, init, base)
}

async function textOf({ content }: InnerRequest): Promise<string> {
  return new Blob([content]).text()
}

function fieldOf(request: InnerRequest, name: string): string | undefined {
  return request.fields.find(([field]) => field === name)?.[1]
}

/** RFC 2046 §5.1.1: of at most 70 characters. */
function boundaryOf(type: string | null | undefined): string {
  return /^multipart\/form-data; boundary=([\w-]{20,70})$/.exec(type ?? '')?.[1] ?? 'no boundary'
}

describe('the address', () => {
  test.each([
    ['v1/models', '/v1/models'],
    ['v1/files?purpose=x', '/v1/files?purpose=x'],
    ['a/../v1/models', '/v1/models'],
    ['v1/models#part', '/v1/models'],
    ['v1/a%2Fb', '/v1/a%2Fb'],
  ])('%s becomes %s, relative to the service', async (path, inner) => {
    expect((await read(path)).path).toBe(inner)
  })

  test.each([
    'https://elsewhere.example/base/v1/models',
    'http://service.example/base/v1/models',
    'https://service.example:8443/base/v1/models',
    'https://user:pass@service.example/base/v1/models',
    'https://service.example/other/v1/models',
    'https://service.example/base/../other',
    'https://service.example/base%2Fv1/models',
    'https://service.example/bas',
  ])('%s is not the service', async (address) => {
    await expect(read(new URL(address))).rejects.toMatchObject({ code: 'client.destination' })
  })

  test('without a base of its own must be absolute', async () => {
    await expect(readRequest('v1/models', undefined, base)).rejects.toMatchObject({ code: 'client.destination' })
  })
})

describe('the body', () => {
  test.each<[string, BodyInit, string, string | undefined]>([
    ['text', 'Zoë', 'Zoë', 'text/plain;charset=UTF-8'],
    ['bytes', new TextEncoder().encode('bytes'), 'bytes', undefined],
    ['a view', new DataView(new TextEncoder().encode('a view').buffer), 'a view', undefined],
    ['a buffer', new TextEncoder().encode('a buffer').buffer, 'a buffer', undefined],
    ['a Blob', new Blob(['blob'], { type: 'text/css' }), 'blob', 'text/css'],
    [
      'parameters',
      new URLSearchParams({ a: '1', b: 'ä' }),
      'a=1&b=%C3%A4',
      'application/x-www-form-urlencoded;charset=UTF-8',
    ],
    ['a stream', new Blob(['streamed']).stream(), 'streamed', undefined],
  ])('%s', async (_, body, text, type) => {
    const request = await read('v1/x', { method: 'POST', body })
    expect(await textOf(request)).toBe(text)
    expect(fieldOf(request, 'content-type')).toBe(type)
  })

  test('bytes of another realm are bytes, alone and in a stream', async () => {
    const bytes = runInNewContext('new Uint8Array([97, 98, 99])') as Uint8Array<ArrayBuffer>
    expect(bytes instanceof Uint8Array).toBe(false)
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes)
        controller.close()
      },
    })
    // What another realm made answers to its name, and not to `instanceof`.
    const foreign = Object.create(stream, { getReader: { value: () => stream.getReader() } }) as ReadableStream
    Object.setPrototypeOf(foreign, { [Symbol.toStringTag]: 'ReadableStream' })
    for (const body of [bytes, bytes.buffer, new Uint8Array(bytes), foreign])
      expect(await textOf(await read('v1/files', { method: 'POST', body }))).toBe('abc')
  })

  test('a form, byte for byte as the platform encodes it', async () => {
    const form = new FormData()
    form.append('purpose', 'assistants')
    form.append('lines', 'one\rtwo\nthree\r\nfour\n\r')
    form.append('a "name"\n', 'Zoë 🦙')
    form.append('file', new File(['contents'], 'my "notes"\r\n.txt', { type: 'text/plain' }))
    form.append('file', new File([pattern(70_000)], 'ü.bin'))
    form.append('blob', new Blob(['x']))
    const request = await read('v1/files', { method: 'POST', body: form })
    const platform = new Response(form)
    const [ours, theirs] = [fieldOf(request, 'content-type'), platform.headers.get('content-type')].map(boundaryOf)
    const text = await textOf(request)
    expect(text.split(ours ?? '')).toHaveLength(8)
    expect(text.replaceAll(ours ?? '', 'boundary')).toBe((await platform.text()).replaceAll(theirs ?? '', 'boundary'))
  })

  test('an empty form has its end', async () => {
    const request = await read('v1/files', { method: 'POST', body: new FormData() })
    expect(await textOf(request)).toMatch(/^--[\w-]+--\r\n$/)
  })

  test('the file of a form is not read before it is sealed', async () => {
    const form = new FormData()
    const file = new File([pattern(3_000_000)], 'large')
    form.set('file', file)
    const reading = vi.spyOn(Blob.prototype, 'arrayBuffer')
    await read('v1/files', { method: 'POST', body: form })
    expect(reading).not.toHaveBeenCalled()
    reading.mockRestore()
  })

  test('a long stream arrives whole, though its source uses its memory again', async () => {
    const bytes = pattern(5_000_000)
    const memory = new Uint8Array(65_536)
    let offset = 0
    const stream = new ReadableStream({
      pull(controller) {
        const part = bytes.subarray(offset, offset + memory.length)
        if (part.length === 0) return controller.close()
        memory.set(part)
        offset += part.length
        controller.enqueue(memory.subarray(0, part.length))
      },
    })
    const { content } = await read('v1/files', { method: 'POST', body: stream })
    expect(Buffer.compare(await bytesOf(content), bytes)).toBe(0)
  })

  test('a stream of something other than bytes is refused, and cancelled', async () => {
    const cancel = vi.fn()
    const stream = new ReadableStream({ start: (controller) => controller.enqueue('text'), cancel })
    await expect(read('v1/x', { method: 'POST', body: stream })).rejects.toMatchObject({ code: 'request.body' })
    expect(cancel).toHaveBeenCalledOnce()
  })

  test('of a Request, which is then used', async () => {
    const outer = new Request(new URL('v1/x', base), { method: 'PUT', body: 'inside', headers: { 'x-a': '1' } })
    const request = await read(outer)
    expect(request.method).toBe('PUT')
    expect(await textOf(request)).toBe('inside')
    expect(fieldOf(request, 'x-a')).toBe('1')
    expect(outer.bodyUsed).toBe(true)
    await expect(read(outer)).rejects.toMatchObject({ code: 'request.body' })
  })

  test('of a Request is sent where the engine does not tell that there is one', async () => {
    const url = new URL('v1/x', base)
    // Firefox has no `body` on requests.
    const body = vi.spyOn(Request.prototype, 'body', 'get').mockReturnValue(undefined as unknown as null)
    try {
      expect(await textOf(await read(new Request(url, { method: 'POST', body: 'inside' })))).toBe('inside')
      const empty = await read(new Request(url, { method: 'POST' }))
      expect(await textOf(empty)).toBe('')
      expect(fieldOf(empty, 'content-type')).toBeUndefined()
      expect(await textOf(await read(new Request(url)))).toBe('')
    } finally {
      body.mockRestore()
    }
  })

  test('of a Request without one is empty', async () => {
    const request = await read(new Request(new URL('v1/x', base), { method: 'POST' }))
    expect(await textOf(request)).toBe('')
  })

  test('and headers of init replace those of the Request', async () => {
    const outer = new Request(new URL('v1/x', base), { method: 'POST', body: 'old', headers: { 'x-a': '1' } })
    const request = await read(outer, { body: 'new', headers: { 'x-b': '2' } })
    expect(await textOf(request)).toBe('new')
    expect(fieldOf(request, 'x-a')).toBeUndefined()
    expect(fieldOf(request, 'x-b')).toBe('2')
  })

  test('the content type of the caller stands', async () => {
    const request = await read('v1/x', { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } })
    expect(fieldOf(request, 'content-type')).toBe('application/json')
  })

  test.each(['GET', 'get', 'HEAD'])('of %s is refused', async (method) => {
    await expect(read('v1/x', { method, body: 'x' })).rejects.toMatchObject({ code: 'request.body' })
    await expect(read('v1/x', { method, body: '' })).rejects.toMatchObject({ code: 'request.body' })
    const outer = new Request(new URL('v1/x', base), { method: 'POST', body: 'x' })
    await expect(read(outer, { method })).rejects.toMatchObject({ code: 'request.body' })
  })

  test('that fails while it is read is an error', async () => {
    const failing = new ReadableStream({ start: (controller) => controller.error(new Error('disk')) })
    await expect(read('v1/x', { method: 'POST', body: failing })).rejects.toMatchObject({ code: 'request.body' })
  })

  test('that never ends can be left, and is cancelled', async () => {
    const stop = new AbortController()
    const cancel = vi.fn()
    const reading = read('v1/x', { method: 'POST', body: new ReadableStream({ cancel }), signal: stop.signal })
    stop.abort()
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' })
    expect(cancel).toHaveBeenCalledWith(stop.signal.reason)
  })
})

describe('header fields', () => {
  test.each([
    'Connection Keep-Alive Proxy-Authorization Proxy-Connection TE Trailer Transfer-Encoding Upgrade Host Content-Length',
    'Expect Date Cookie Origin Referer Forwarded X-Forwarded-For X-Forwarded-Host Accept-Encoding Sec-Fetch-Mode',
  ])('%s are not sent on', async (names) => {
    for (const name of names.split(' ')) {
      const request = await read('v1/models', { headers: { [name]: 'value', 'x-kept': 'yes' } })
      expect(request.fields, name).toEqual([['x-kept', 'yes']])
    }
  })

  test('that Connection names are not sent on', async () => {
    const request = await read('v1/models', { headers: { connection: 'X-Hop, close', 'x-hop': '1', 'x-kept': 'yes' } })
    expect(request.fields).toEqual([['x-kept', 'yes']])
  })

  test.each(['a\r\nb', 'a\nb', 'a\0b', 'Ā'])('with the value %j are refused', async (value) => {
    await expect(read('v1/models', { headers: { 'x-a': value } })).rejects.toMatchObject({ code: 'request.field' })
  })

  test.each(['GET /', 'PO ST', ''])('the method %j is refused', async (method) => {
    await expect(read('v1/models', { method })).rejects.toMatchObject({ code: 'request.field' })
  })

  test('an idempotency key of the caller is kept, a malformed one refused', async () => {
    const key = 'a1b2c3d4-e5f6-4711-8899-aabbccddeeff'
    expect((await read('v1/models', { headers: { 'Idempotency-Key': key } })).idempotencyKey).toBe(key)
    await expect(read('v1/models', { headers: { 'Idempotency-Key': 'short' } })).rejects.toMatchObject({
      code: 'request.idempotency_key',
    })
  })
})

describe('padding', () => {
  test('never shortens, adds at most an eighth beyond 512 bytes, and falls on few lengths', () => {
    const lengths = new Set<number>()
    for (let length = 1; length < 100_000; length += 7) {
      const padded = paddedLength(length)
      expect(padded).toBeGreaterThanOrEqual(length)
      if (length > 512) expect(padded).toBeLessThanOrEqual(length * 1.125)
      lengths.add(padded)
    }
    expect(lengths.size).toBeLessThan(200)
  })

  test('of what is padded adds nothing', () => {
    for (const length of [1, 513, 70_000, 64_000_001])
      expect(paddedLength(paddedLength(length))).toBe(paddedLength(length))
  })
})

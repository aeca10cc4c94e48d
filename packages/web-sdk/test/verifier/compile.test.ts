import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { compileError, compileWasm } from '../../src/verifier/compile.js'
import type { WasmToCompile } from '../../src/verifier/source.js'
import { readWasm, wasmFile } from '../support/wasm.js'

const wasm = readWasm()
const altered = wasm.map((byte, index) => (index === wasm.length - 1 ? byte ^ 1 : byte))
let server: Server
let base: URL
let sent = 0

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/stalled.wasm') response.writeHead(200).write(wasm.slice(0, 1000))
    else if (request.url === '/endless.wasm') {
      const more = (): void => {
        for (sent += 65_536; !response.destroyed && response.write(new Uint8Array(65_536));) sent += 65_536
      }
      response.on('drain', more)
      more()
    } else if (request.url === '/missing.wasm') response.writeHead(404).end(wasm)
    else if (request.url?.startsWith('/page.wasm'))
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html>\n<title>App</title>')
    else if (request.url === '/altered.wasm')
      response.writeHead(200, { 'content-type': 'application/wasm' }).end(altered)
    else response.writeHead(200, { 'content-type': 'text/plain' }).end(wasm)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

describe('the verifier is compiled from', () => {
  test.each<[string, () => WasmToCompile | Promise<WasmToCompile>]>([
    ['its file', () => wasmFile],
    ['its file, named as text', () => wasmFile.href],
    ['its address, whatever the media type', () => new URL('verifier.wasm', base)],
    ['its bytes', () => wasm],
    ['its bytes in a buffer', () => wasm.buffer],
    ['its bytes within others', () => new DataView(wasm.buffer, 0, wasm.length)],
    ['a response', () => new Response(wasm)],
  ])('%s', async (_, source) => {
    const module = await compileWasm((await source()) as WasmToCompile, { fetch })
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toContain('verify')
  })
})

describe('is refused', () => {
  test.each<[string, () => WasmToCompile, string]>([
    ['altered at its address', () => new URL('altered.wasm', base), 'wasm.integrity'],
    ['altered in memory', () => altered, 'wasm.integrity'],
    ['cut', () => wasm.slice(0, -1), 'wasm.integrity'],
    ['replaced by another module', () => Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), 'wasm.integrity'],
    ['missing at its address', () => new URL('missing.wasm', base), 'wasm.load'],
    ['a page at its address', () => new URL('page.wasm', base), 'wasm.load'],
    ['a page as a response', () => new Response('<!doctype html>'), 'wasm.load'],
    ['an empty response', () => new Response(), 'wasm.load'],
    ['missing as a file', () => new URL('file:///nowhere/verifier.wasm'), 'wasm.load'],
    ['at an address that is none', () => 'verifier.wasm', 'wasm.load'],
    ['where nobody answers', () => 'http://127.0.0.1:1/verifier.wasm', 'wasm.load'],
  ])('%s', async (_, source, code) => {
    const compile = vi.spyOn(WebAssembly, 'compile')
    await expect(compileWasm(source(), { fetch })).rejects.toMatchObject({ name: 'BlindLlamaError', code })
    expect(compile, 'nothing was compiled').not.toHaveBeenCalled()
    compile.mockRestore()
  })
})

test('what came in its place is named, with both remedies and without the query of the address', async () => {
  const address = new URL('page.wasm?signature=secret', base)
  const error: unknown = await compileWasm(address, { fetch }).catch((reason: unknown) => reason)
  expect(String(error)).toBe(
    `BlindLlamaError: The verifier is not at ${base.href}page.wasm, which answered 200 text/html "<!doctype html>\\n<title>A". ` +
      'Serve blindllama_verifier_bg.wasm and pass its address as `wasm`, or import @blindllama/web-sdk/inline (wasm.load)',
  )
})

test.each([
  ['missing.wasm', 'answered 404'],
  ['http://127.0.0.1:1/v.wasm', 'could not be fetched'],
])('%s: the error says what was seen', async (address, seen) => {
  await expect(compileWasm(new URL(address, base), { fetch })).rejects.toThrow(seen)
})

describe('the download', () => {
  test('that does not end is given up in its time, and its connection with it', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      let signal: AbortSignal | null | undefined
      const fetching: typeof fetch = async (input, init) => {
        signal = init?.signal
        const response = await fetch(input, init)
        void vi.advanceTimersByTimeAsync(30_000)
        return response
      }
      const compiling = compileWasm(new URL('stalled.wasm', base), { fetch: fetching })
      await expect(compiling).rejects.toMatchObject({ code: 'wasm.timeout' })
      expect(signal?.aborted).toBe(true)
    } finally {
      vi.useRealTimers()
    }
  })

  test('ends with its caller', async () => {
    const leave = new AbortController()
    const compiling = compileWasm(new URL('stalled.wasm', base), { fetch, signal: leave.signal })
    leave.abort(new Error('left'))
    await expect(compiling).rejects.toThrow('left')
  })

  test('of another file is not read to its end', async () => {
    await expect(compileWasm(new URL('endless.wasm', base), { fetch })).rejects.toMatchObject({ code: 'wasm.load' })
    // The bound, and what sockets and the platform buffer.
    expect(sent).toBeLessThan(24 * 1024 * 1024)
  })
})

test.each<[string, (bytes: Uint8Array<ArrayBuffer>) => WasmToCompile]>([
  ['buffer', ({ buffer }) => buffer],
  ['view', (bytes) => bytes],
])('a %s that changes between its check and its compilation changes nothing', async (_, source) => {
  const bytes = wasm.slice()
  const compile = vi.spyOn(WebAssembly, 'compile')
  const compiling = compileWasm(source(bytes), { fetch })
  bytes.fill(0)
  expect(WebAssembly.Module.exports(await compiling).length).toBeGreaterThan(0)
  expect(Buffer.compare(Buffer.from(compile.mock.calls[0]?.[0] as Uint8Array), Buffer.from(wasm))).toBe(0)
  compile.mockRestore()
})

test.each([
  [
    'Chromium',
    "WebAssembly.compile(): Refused to compile or instantiate WebAssembly module because 'unsafe-eval' is not an allowed source of script in the following Content Security Policy directive",
  ],
  ['Firefox', 'call to WebAssembly.compile() blocked by CSP'],
  [
    'WebKit',
    "Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source",
  ],
])('the Content-Security-Policy of a page is named where %s says that it forbids WebAssembly', (_, message) => {
  const error = compileError(new WebAssembly.CompileError(message))
  expect(error).toMatchObject({ code: 'wasm.blocked', message: expect.stringContaining("'wasm-unsafe-eval'") })
})

test('any other failure to compile is not taken for that', () => {
  expect(compileError(new WebAssembly.CompileError('invalid opcode'))).toMatchObject({ code: 'wasm.compile' })
})

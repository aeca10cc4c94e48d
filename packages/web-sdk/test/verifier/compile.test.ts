import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { compileError, compileWasm } from '../../src/verifier/compile.js'
import type { WasmSource } from '../../src/verifier/source.js'
import { readWasm, wasmFile } from '../support/wasm.js'

const wasm = readWasm()
const altered = wasm.map((byte, index) => (index === wasm.length - 1 ? byte ^ 1 : byte))
let server: Server
let base: URL

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/missing.wasm') response.writeHead(404).end(wasm)
    else if (request.url === '/altered.wasm')
      response.writeHead(200, { 'content-type': 'application/wasm' }).end(altered)
    else response.writeHead(200, { 'content-type': 'text/plain' }).end(wasm)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
})
afterAll(async () => new Promise((resolve) => server.close(resolve)))

describe('the verifier is compiled from', () => {
  test.each<[string, () => WasmSource | Promise<WasmSource>]>([
    ['its file', () => wasmFile],
    ['its file, named as text', () => wasmFile.href],
    ['its address, whatever the media type', () => new URL('verifier.wasm', base)],
    ['its bytes', () => wasm],
    ['its bytes in a buffer', () => wasm.buffer],
    ['its bytes within others', () => new DataView(wasm.buffer, 0, wasm.length)],
    ['a response', () => new Response(wasm)],
    ['its module', async () => WebAssembly.compile(wasm)],
  ])('%s', async (_, source) => {
    const module = await compileWasm(await source())
    expect(WebAssembly.Module.exports(module).map(({ name }) => name)).toContain('verify')
  })
})

describe('is refused', () => {
  test.each<[string, () => WasmSource, string]>([
    ['altered at its address', () => new URL('altered.wasm', base), 'wasm.integrity'],
    ['altered in memory', () => altered, 'wasm.integrity'],
    ['cut', () => wasm.slice(0, -1), 'wasm.integrity'],
    ['replaced by another module', () => Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0), 'wasm.integrity'],
    ['missing at its address', () => new URL('missing.wasm', base), 'wasm.load'],
    ['missing as a file', () => new URL('file:///nowhere/verifier.wasm'), 'wasm.load'],
    ['at an address that is none', () => 'verifier.wasm', 'wasm.load'],
    ['where nobody answers', () => 'http://127.0.0.1:1/verifier.wasm', 'wasm.load'],
  ])('%s', async (_, source, code) => {
    const compile = vi.spyOn(WebAssembly, 'compile')
    await expect(compileWasm(source())).rejects.toMatchObject({ name: 'BlindLlamaError', code })
    expect(compile, 'nothing was compiled').not.toHaveBeenCalled()
    compile.mockRestore()
  })
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

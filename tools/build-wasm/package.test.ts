import { readFileSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { runCommand } from '../run/command.ts'
import { type BundleVector, verify } from '../vectors/bundle.ts'
import { type Exports, loadVerifier, type VerifierModule } from '../vectors/verifier.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))
const crate: URL = new URL('../../packages/verifier-wasm/', import.meta.url)

function functionsOf({ exports }: VerifierModule): string[] {
  const names = Object.keys(exports).filter((name) => typeof exports[name] === 'function')
  return names.filter((name) => !name.startsWith('__wbindgen_')).sort()
}

/** Bytes of a page of memory. */
const page = 65_536
/** Of WebAssembly with addresses of 32 bits. */
const mostPages = 65_536
/** More bytes than the verification of a small vector takes. */
const enough: number = 8 * page

/** Lets an instance that has just been started have `free` bytes and no more. */
function leave(free: number, { memory, __wbindgen_malloc }: Exports): void {
  const take = __wbindgen_malloc as (bytes: number, align: number) => number
  // The allocator looks once, when it is first called, for the end of the page in which it begins.
  const end = memory.buffer.byteLength
  const begin = take(1, 1) + 1
  memory.grow(mostPages - (end + enough) / page)
  take(end + enough - begin - free, 1)
}

const vectors: BundleVector[] = readdirSync(new URL('../../spec/vectors/bundles', crate)).map(
  (name) => JSON.parse(readFileSync(new URL(`../../spec/vectors/bundles/${name}`, crate), 'utf8')) as BundleVector,
)

let verifier: VerifierModule

beforeAll(async () => {
  const build = ['node', '--import', 'tsx', 'tools/build-wasm.ts']
  const { ok, output } = await runCommand(build, { cwd: root, timeoutMs: 15 * 60_000 })
  expect(ok, output).toBe(true)
  verifier = await loadVerifier('pkg')
}, 15 * 60_000)

test('the module that pages load decides whole bundles and nothing less', async () => {
  expect(functionsOf(verifier)).toEqual(['staticPart', 'verify', 'verifyReceipt'])
  expect(functionsOf(await loadVerifier('pkg-vectors'))).toContain('checkQuote')
})

test('the module names no folder of the machine that built it, and no line of source that a panic would tell', () => {
  const bytes = readFileSync(new URL('pkg/blindllama_verifier_bg.wasm', crate))
  for (const text of [root.replace(/\/$/, ''), homedir(), '/src/']) expect(bytes.includes(text), text).toBe(false)
})

test('a panic stops the module: where memory ends in the middle of the work, there is no verdict', async () => {
  const vector = vectors.find(({ name }) => name === 'ok-ecc')
  if (vector === undefined) throw new Error('no vector ok-ecc')
  const ends: string[] = []
  for (let free = 0; ends.at(-1) !== 'pass' && free < enough; free += 2048) {
    const starved = await loadVerifier('pkg', (exports) => leave(free, exports))
    try {
      ends.push(verify(starved, vector).result)
    } catch (cause) {
      expect(cause).toBeInstanceOf(WebAssembly.RuntimeError)
      const inside = String((cause as Error).stack).includes('passArray8ToWasm0') ? 'before' : 'inside'
      ends.push(`${inside}: ${(cause as Error).message}`)
    }
  }
  expect([...new Set(ends)]).toEqual(['before: unreachable', 'inside: unreachable', 'pass'])
})

test('a call takes a small multiple of the memory of its input, whatever the input', () => {
  const idle = 1.5 * 1024 * 1024
  for (const vector of vectors) {
    verify(verifier, vector)
    const input = (vector.evidence.length + (vector.static?.length ?? 0)) / 2 + vector.policy.length
    expect(verifier.exports.memory.buffer.byteLength, vector.name).toBeLessThan(idle + 16 * input)
  }
})

test('a policy of nothing but values or brackets takes a bounded multiple of its length', () => {
  const vector = vectors.find(({ name }) => name === 'ok-ecc')
  if (vector === undefined) throw new Error('no vector ok-ecc')
  const mostBytes = 256 * 1024
  for (const value of ['0', '""', '[]', '{}', '{"":0}', '"0000"', '[[[[[[0]]]]]]']) {
    const values = Math.floor((mostBytes - 4) / (value.length + 1))
    const policy = `[${`${value},`.repeat(values)}0]`
    expect(verify(verifier, { ...vector, policy }), value).toMatchObject({ code: 'policy.syntax' })
    expect(verifier.exports.memory.buffer.byteLength, value).toBeLessThan(96 * policy.length)
  }
})

test('a nonce of another length is no evidence of anything: the caller made a mistake', () => {
  const vector = vectors.find(({ name }) => name === 'ok-ecc')
  if (vector === undefined) throw new Error('no vector ok-ecc')
  expect(() => verify(verifier, { ...vector, nonce: vector.nonce.slice(2) })).toThrow('nonce: 32 bytes')
  expect(verify(verifier, vector)).toMatchObject({ result: 'pass', assurance: 'hardware-tpm' })
})

test('the static part of a bundle can be held for later', () => {
  const inline = vectors.find(({ name }) => name === 'ok-ecc')
  const held = vectors.find(({ name }) => name === 'ok-held-static')
  if (inline === undefined || held === undefined) throw new Error('vectors are missing')
  const part = verifier.staticPart(Buffer.from(inline.evidence, 'hex'))
  expect(Buffer.from(part ?? []).toString('hex')).toBe(held.static)
  expect(verifier.staticPart(Buffer.from(held.evidence, 'hex'))).toBeUndefined()
  expect(verifier.staticPart(new Uint8Array([0xff]))).toBeUndefined()
})

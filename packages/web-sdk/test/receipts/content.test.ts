import { expect, test } from 'vitest'
import { readFileSync } from 'node:fs'
import { checkReceipt, type ReceiptSource, type RecordInput, verificationRecord } from '../../src/receipts/index.js'
import type { PolicyJson } from '../../src/policy.js'
import type { BundleVector } from '../../../../tools/vectors/bundle.ts'
import { wasmFile } from '../support/wasm.js'

const vector = JSON.parse(
  readFileSync(new URL('../../../../spec/vectors/bundles/ok-ecc.json', import.meta.url), 'utf8'),
) as BundleVector
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))
const text = verificationRecord({
  evidence: bytes(vector.evidence),
  nonce: bytes(vector.nonce),
  policy: new TextEncoder().encode(vector.policy),
  audience: vector.audience,
  nowMs: vector.nowMs,
})
const encoded = new TextEncoder().encode(text)
const code = (value: string): object => expect.objectContaining({ code: value }) as object

test.each<readonly [string, ReceiptSource]>([
  ['text', text],
  ['bytes', encoded],
  ['bytes with others around', new Uint8Array([0, ...encoded, 0]).subarray(1, -1)],
  ['a Buffer', Buffer.from(text)],
  ['an ArrayBuffer', encoded.buffer],
  ['a Blob', new Blob([text])],
  ['a File, as a person chose it', new File([text], 'receipt.json')],
  ['its JSON as it was parsed', JSON.parse(text) as object],
])('a receipt may be %s', async (_, file) => {
  expect(await checkReceipt(file, { wasm: wasmFile })).toEqual({ kind: 'record', consistent: true })
})

test.each<readonly [string, unknown]>([
  ['nothing', undefined],
  ['null', null],
  ['a number', 1],
  ['a response', new Response(text)],
  ['a list', [text]],
  ['a promise', Promise.resolve(text)],
])('%s is client.options', async (_, file) => {
  await expect(checkReceipt(file as ReceiptSource, { wasm: wasmFile })).rejects.toThrow(code('client.options'))
})

test('the receipt object of a client is told from its text', async () => {
  const receipt = { signed: true, text: () => text, blob: () => new Blob([text]) }
  await expect(checkReceipt(receipt, { wasm: wasmFile })).rejects.toThrow('pass its text()')
})

test('a record is written of a policy in every form, and of nothing else', async () => {
  const { evidence, nonce, audience, nowMs } = vector
  const input = { evidence: bytes(evidence), nonce: bytes(nonce), audience, nowMs }
  for (const policy of [vector.policy, new TextEncoder().encode(vector.policy)])
    expect(verificationRecord({ ...input, policy })).toBe(text)
  const object = verificationRecord({ ...input, policy: JSON.parse(vector.policy) as PolicyJson })
  expect(await checkReceipt(object, { wasm: wasmFile })).toEqual({ kind: 'record', consistent: true })
  for (const wrong of [
    { evidence },
    { nonce: 1 },
    { policy: undefined },
    { audience: new URL('https://a.example') },
    { nowMs: '1' },
  ])
    expect(
      () => verificationRecord({ ...input, policy: vector.policy, ...wrong } as unknown as RecordInput),
      JSON.stringify(wrong),
    ).toThrow(code('client.options') as Error)
})

test('a file that is too long is refused before it is read', async () => {
  const blob = new Blob([])
  Object.defineProperty(blob, 'size', { value: 256 * 1024 * 1024 + 1 })
  await expect(checkReceipt(blob, { wasm: wasmFile })).rejects.toThrow(code('receipt.size'))
})

test('an object that is no receipt is receipt.syntax', async () => {
  for (const other of [{}, { type: 'other' }, { ...JSON.parse(text), more: 1 }])
    await expect(checkReceipt(other, { wasm: wasmFile })).rejects.toThrow(code('receipt.syntax'))
})

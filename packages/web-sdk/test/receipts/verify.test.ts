import { describe, expect, test } from 'vitest'
import type { LoggedEnvelope } from '../../src/receipts/current-status.js'
import { type ReceiptVerdict, type VerifyReceiptOptions, verifyReceipt } from '../../src/receipts/index.js'
import { receiptCase } from '../support/receipt-vector.js'
import { wasmFile } from '../support/wasm.js'

/** The vector as its verifier would judge it. */
async function judge(name: string, options: Partial<VerifyReceiptOptions> = {}): Promise<ReceiptVerdict> {
  const { file, policy, envelopes, statusAtMs } = receiptCase(name)
  const [status, ...keySets] = envelopes
  return verifyReceipt(file, {
    policy,
    wasm: wasmFile,
    ...(status !== undefined && { status, keySets, statusAtMs }),
    ...options,
  })
}

async function words(name: string, options: Partial<VerifyReceiptOptions> = {}): Promise<unknown> {
  const read = await judge(name, options)
  return read.result === 'pass' ? read.holdersWord : read
}

describe('a receipt', () => {
  test('passes as of the date of the current status', async () => {
    const read = await judge('ok-receipt-status')
    expect(read).toMatchObject({ result: 'pass', kind: 'receipt', verdict: { result: 'pass' } })
    expect(read).toHaveProperty('statusDateMs', receiptCase('ok-receipt-status').statusAtMs - 86_400_000)
    expect(await judge('ok-receipt-status-successors')).toMatchObject({ result: 'pass' })
  })

  test('has neither verdict nor exchange at its top while nobody looked for withdrawals', async () => {
    const { file, policy } = receiptCase('ok-receipt-status')
    const read = await verifyReceipt(file, { policy, wasm: wasmFile })
    expect(Object.keys(read).toSorted()).toEqual(['asOfThen', 'kind', 'result', 'verifiedAtMs'])
    expect(read).toMatchObject({ result: 'unchecked', asOfThen: { verdict: { result: 'pass' } } })
  })

  test('whose release fell below the floor of a later status is withdrawn since its date', async () => {
    const read = await judge('warn-receipt-withdrawn')
    expect(Object.keys(read).toSorted()).toEqual(['asOfThen', 'kind', 'result', 'sinceMs', 'verifiedAtMs'])
    const sinceMs = receiptCase('warn-receipt-withdrawn').statusAtMs - 86_400_000
    expect(read).toMatchObject({ result: 'withdrawn', sinceMs, asOfThen: { exchange: {} } })
  })

  test('is refused where the current status revokes the release, whatever its time', async () => {
    expect(await judge('receipt-status-revoked')).toMatchObject({
      result: 'fail',
      verdict: { code: 'release.revoked' },
    })
  })

  test('is judged by a status that the log of its policy holds, and by no other', async () => {
    expect(await judge('ok-receipt-status-logged')).toMatchObject({ result: 'pass' })
    const [status] = receiptCase('ok-receipt-status-logged').envelopes as [LoggedEnvelope]
    expect(await judge('ok-receipt-status-logged', { status: status.envelope })).toMatchObject({
      result: 'fail',
      verdict: { code: 'release.log_missing' },
    })
  })

  test('is judged by the clock of the verifier, whatever stands on Object.prototype', async () => {
    const { file, policy, envelopes, statusAtMs } = receiptCase('ok-receipt-status')
    const [status = ''] = envelopes
    const polluted = { statusAtMs, status, keySets: [], audience: 'https://evil.example' }
    Object.assign(Object.prototype, polluted)
    try {
      expect(await verifyReceipt(file, { policy, status, wasm: wasmFile })).toMatchObject({ result: 'fail' })
      expect(await verifyReceipt(file, { policy, wasm: wasmFile })).toMatchObject({ result: 'unchecked' })
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name)
    }
  })

  test('is refused where the status is not current by the clock of the verifier', async () => {
    const late = { statusAtMs: receiptCase('ok-receipt-status').statusAtMs + 7 * 86_400_000 }
    expect(await judge('ok-receipt-status', late)).toMatchObject({ verdict: { code: 'release.status_stale' } })
    const { file, policy, envelopes } = receiptCase('ok-receipt-status')
    const [status = ''] = envelopes
    // By default that clock is the one of this machine, which is behind the vectors.
    expect(await verifyReceipt(file, { policy, status, wasm: wasmFile })).toMatchObject({ result: 'fail' })
  })

  test('is refused where its holder states another time than the gateway', async () => {
    for (const name of ['receipt-clock-ahead', 'receipt-clock-behind', 'record-clock'])
      expect(await judge(name)).toMatchObject({ result: 'fail', verdict: { code: 'claims.server_time' } })
  })

  test('names what is the word of its holder, the audience where nobody else names it', async () => {
    expect(await words('ok-receipt')).toEqual(['time', 'asker', 'earlier-turns', 'audience'])
    expect(await words('ok-record')).toEqual(['time', 'conversation', 'audience'])
    const audience = receiptCase('ok-receipt').audience
    expect(await words('ok-receipt', { audience })).toEqual(['time', 'asker', 'earlier-turns'])
    const policy = JSON.stringify({ ...JSON.parse(receiptCase('ok-receipt').policy), audience })
    expect(await words('ok-receipt', { policy })).toEqual(['time', 'asker', 'earlier-turns'])
  })

  test('of another service than the one that its verifier names is refused', async () => {
    const other = { audience: 'https://other.example' }
    expect(await judge('ok-receipt', other)).toMatchObject({ result: 'fail', verdict: { code: 'claims.audience' } })
  })
})

describe('verifyReceipt refuses', () => {
  const status = receiptCase('ok-receipt-status').envelopes[0] as string
  test.each<[string, string, Partial<VerifyReceiptOptions>]>([
    ['a status that is no JSON', 'receipt.status', { status: 'no' }],
    ['a status of another kind', 'receipt.status', { status: status.replace('.status.', '.release.') }],
    ['a key set that is a status', 'receipt.status', { keySets: [status] }],
    [
      'a status whose payload is no JSON',
      'receipt.status',
      { status: status.replace(/"payload":"[^"]*"/, '"payload":"AA=="') },
    ],
    ['key sets without a status', 'client.options', { status: undefined as unknown as string, keySets: [status] }],
    ['a time that is none', 'client.options', { statusAtMs: Number.NaN }],
    ['a misspelt option', 'client.options', { statuses: status } as object],
  ])('%s', async (_, code, options) => {
    await expect(judge('ok-receipt-status', options)).rejects.toMatchObject({ code })
  })
})

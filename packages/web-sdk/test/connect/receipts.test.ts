import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BlindLlamaClient, connectWith } from '../../src/connect.js'
import {
  type ReceiptVerdict,
  type VerifyReceiptOptions,
  checkReceipt,
  receipts,
  verifyReceipt,
} from '../../src/receipts/index.js'
import { type RealService, startRealService } from '../support/real-service.js'
import { origins, wasmFile } from '../support/wasm.js'

let service: RealService
const kept = receipts()
let client: BlindLlamaClient<true>

beforeAll(async () => {
  service = await startRealService()
  client = await connectWith(
    { url: service.relay.url, policy: service.staging.policy, receipts: kept, dangerouslyAllowSimulated: true },
    origins,
  )
}, 120_000)
afterAll(async () => {
  client?.close()
  await service?.stop()
})

interface ReceiptFile {
  exchange?: { request?: string; response?: string }
}

function latin1(base64url: string | undefined): string {
  return Buffer.from(base64url ?? '', 'base64url').toString('latin1')
}

test('the gateway signs what openai asked and what it was answered, event by event', async () => {
  const openai = new OpenAI({
    baseURL: new URL('v1', service.relay.url).href,
    apiKey: 'sk-secret',
    fetch: client.fetch,
  })
  const messages = [{ role: 'user' as const, content: 'private words' }]
  const { data, response } = await openai.chat.completions
    .create({ model: 'any', messages, stream: true })
    .withResponse()
  let answer = ''
  for await (const chunk of data) answer += chunk.choices[0]?.delta.content ?? ''
  expect(answer.length).toBeGreaterThan(0)

  const receipt = await kept.of(response)
  expect(receipt).toMatchObject({ signed: true, verdict: { simulated: true } })
  expect(receipt.credentials).toEqual(['authorization'])
  const { exchange } = JSON.parse(receipt.text({ withCredentials: ['authorization'] })) as ReceiptFile
  expect(latin1(exchange?.request)).toContain('private words')
  expect(latin1(exchange?.response)).toContain('[DONE]')
  expect(latin1(exchange?.request)).not.toContain('blindllama-receipt: ')
})

test('answers that the gateway makes itself are signed too', async () => {
  const response = await client.fetch(new URL('nowhere', service.relay.url))
  expect(response.status).toBe(404)
  await response.text()
  expect((await kept.of(response)).signed).toBe(true)
})

async function judge(file: string, options: Partial<VerifyReceiptOptions> = {}): Promise<ReceiptVerdict> {
  return verifyReceipt(file, { policy: service.staging.policy, wasm: wasmFile, allowSimulated: true, ...options })
}

type Passed = Extract<ReceiptVerdict, { result: 'pass' }>

async function passed(file: string): Promise<Passed> {
  const read = await judge(file)
  expect(read).toMatchObject({ result: 'pass', verdict: { result: 'pass', simulated: true } })
  return read as Passed
}

describe('verified later, without a network', () => {
  let full: string
  let brief: string

  beforeAll(async () => {
    const body = JSON.stringify({ messages: [{ role: 'user', content: 'private words' }] })
    const response = await client.fetch(new URL('v1/chat/completions', service.relay.url), { method: 'POST', body })
    await response.text()
    const receipt = await kept.of(response)
    full = receipt.text()
    brief = receipt.text({ digestsOnly: true })
  })

  test('a receipt proves what was asked and answered', async () => {
    const { kind, verdict, exchange, holdersWord } = await passed(full)
    expect(kind).toBe('receipt')
    expect(holdersWord).toEqual(expect.arrayContaining(['time', 'asker', 'earlier-turns']))
    expect(verdict.steps.find(({ id }) => id === 'receipt')).toMatchObject({ status: 'pass' })
    expect(Buffer.from(exchange?.request ?? []).toString('latin1')).toContain('private words')
    expect(exchange?.requestDigest).toMatch(/^[0-9a-f]{64}$/)
  })

  test('digests alone prove the same of what has them', async () => {
    const [shown, hidden] = [await passed(full), await passed(brief)]
    expect(hidden.kind).toBe('receipt')
    expect(hidden.exchange).toEqual({
      requestDigest: shown.exchange?.requestDigest,
      responseDigest: shown.exchange?.responseDigest,
    })
  })

  test('the policy of the caller decides', async () => {
    const other = { ...(JSON.parse(service.staging.policy) as object), audience: 'https://elsewhere.example' }
    const refused = await judge(full, { policy: JSON.stringify(other) })
    expect(refused).toMatchObject({ verdict: { result: 'fail', code: 'claims.audience' } })
    expect(refused).not.toHaveProperty('exchange')
  })

  test('without a policy of the caller there is no verdict, and agreement with the policy in the file is called that', async () => {
    const careless = { wasm: wasmFile, allowSimulated: true } as unknown as VerifyReceiptOptions
    await expect(verifyReceipt(full, careless)).rejects.toMatchObject({ code: 'client.options' })
    const misspelt = { policy: service.staging.policy, wasm: wasmFile, allowSimulate: true }
    await expect(verifyReceipt(full, misspelt)).rejects.toMatchObject({ code: 'client.options' })
    const options = { wasm: wasmFile }
    await expect(checkReceipt(full, { ...options, policy: '{}' } as object)).rejects.toMatchObject({
      code: 'client.options',
    })
    expect(await checkReceipt(full, options)).toEqual({ kind: 'receipt', consistent: true })
    const file = JSON.parse(full) as { policy: string }
    const policy = JSON.stringify({ ...(JSON.parse(file.policy) as object), audience: 'https://elsewhere.example' })
    const forged = await checkReceipt(JSON.stringify({ ...file, policy }), options)
    expect(forged).toMatchObject({ kind: 'receipt', consistent: false, code: 'claims.audience' })
  })

  test('a simulated TPM proves nothing unless it is allowed by name', async () => {
    const read = await judge(full, { allowSimulated: false })
    expect(read).toMatchObject({ result: 'fail', verdict: { result: 'fail', code: 'ak.simulated' } })
  })

  test.each(['salt', 'request', 'response', 'signature', 'requestDigest', 'responseDigest'])(
    'another %s is refused',
    async (member) => {
      const file = JSON.parse(member.endsWith('Digest') ? brief : full) as { exchange: Record<string, string> }
      const bytes = Buffer.from(file.exchange[member] ?? '', 'base64url')
      bytes[3] = (bytes[3] ?? 0) ^ 1
      file.exchange[member] = bytes.toString('base64url')
      const read = await judge(JSON.stringify(file))
      expect(read).toMatchObject({ result: 'fail', verdict: { result: 'fail', code: 'receipt.signature' } })
      expect(read).not.toHaveProperty('exchange')
    },
  )

  test('another model is refused', async () => {
    const file = JSON.parse(full) as { exchange: Record<string, string> }
    file.exchange['modelDigest'] = Buffer.alloc(32).toString('base64url')
    expect(await judge(JSON.stringify(file))).toMatchObject({ verdict: { code: 'receipt.signature' } })
  })

  test('without its exchange it is a record, which proves no conversation', async () => {
    const { exchange: _, ...record } = JSON.parse(full) as ReceiptFile
    const read = await judge(JSON.stringify(record))
    expect(read).toMatchObject({ kind: 'record', verdict: { result: 'pass' } })
    expect(read).not.toHaveProperty('exchange')
  })
})

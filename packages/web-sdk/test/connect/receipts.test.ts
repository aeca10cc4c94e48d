import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BlindLlamaClient, connectWith } from '../../src/connect.js'
import { receipts } from '../../src/receipts/index.js'
import { type RealService, startRealService } from '../support/real-service.js'
import { origins } from '../support/wasm.js'

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
  const openai = new OpenAI({ baseURL: new URL('v1', service.relay.url).href, apiKey: 'sk-secret', fetch: client.fetch })
  const messages = [{ role: 'user' as const, content: 'private words' }]
  const { data, response } = await openai.chat.completions
    .create({ model: 'any', messages, stream: true })
    .withResponse()
  let answer = ''
  for await (const chunk of data) answer += chunk.choices[0]?.delta.content ?? ''
  expect(answer.length).toBeGreaterThan(0)

  const receipt = await kept.of(response)
  expect(receipt).toMatchObject({ signed: true, verdict: { simulated: true } })
  const { exchange } = JSON.parse(receipt.text()) as ReceiptFile
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

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type BlindLlamaClient, connect } from '@blindllama/web-sdk'
import { startStaging, type Staging } from '../staging.ts'

const wasm: URL = new URL('../../../packages/web-sdk/dist/blindllama_verifier_bg.wasm', import.meta.url)
const key = 'a-key-of-the-service-0123456789'
let staging: Staging
let client: BlindLlamaClient<true>

beforeAll(async () => {
  const keys = [createHash('sha256').update(key).digest('hex')]
  staging = await startStaging({ gateway: { access: { keys, requests_per_minute: 2 } } })
  const { url, policy } = staging
  client = await connect({ url, policy, wasm: readFileSync(wasm), dangerouslyAllowSimulated: true })
}, 120_000)

afterAll(async () => {
  client?.close()
  await staging?.stop()
})

/** One question to the model, with these credentials. */
async function ask(credentials: Record<string, string>): Promise<{ status: number; answer: Record<string, unknown> }> {
  const response = await client.fetch(new URL('v1/chat/completions', staging.url), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...credentials },
    body: JSON.stringify({ model: staging.model, max_tokens: 2, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> }
}

it('answers a proven page only with a key of the service, and up to the limit of that key', async () => {
  for (const credentials of [{}, { authorization: 'Bearer another' }] as Record<string, string>[])
    expect(await ask(credentials)).toMatchObject({ status: 401, answer: { code: 'access.key' } })
  const own = { authorization: `Bearer ${key}` }
  for (let count = 0; count < 2; count++)
    expect(await ask(own)).toMatchObject({ status: 200, answer: { choices: [{}] } })
  expect(await ask(own)).toMatchObject({ status: 429, answer: { code: 'access.limit' } })
  expect(readFileSync(`${staging.folder}/gateway.log`, 'utf8')).not.toContain(key)
})

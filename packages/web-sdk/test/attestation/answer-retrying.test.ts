import { inspect } from 'node:util'
import { ChatOpenAI } from '@langchain/openai'
import OpenAI from 'openai'
import { expect, test, vi } from 'vitest'
import { answerRetrying } from '../../src/attestation/answer-retrying.js'
import { type ChannelFetch, channelFetch } from '../../src/channel/fetch.js'
import { BlindLlamaError } from '../../src/errors.js'
import { platformFetch } from '../../src/outer-fetch.js'
import type { FailedVerdict } from '../../src/verdict.js'

const baseURL = 'https://service.example/v1'
const messages = [{ role: 'user' as const, content: 'private words' }]
const verdict: FailedVerdict = { version: 1, result: 'fail', code: 'pcr.mismatch', detail: '', steps: [] }
const refused = new BlindLlamaError('pcr.mismatch', 'The measurements match no release', { verdict })
const unreachable = new BlindLlamaError('channel.unreachable', 'The connection failed')

const never = (): Promise<never> => new Promise(() => {})

function failing(error: Error): { fetch: ChannelFetch; calls: () => number } {
  const channel = vi.fn<ChannelFetch>().mockRejectedValue(error)
  return { fetch: answerRetrying(channel, fetch), calls: () => channel.mock.calls.length }
}

async function ask(channel: ChannelFetch): Promise<unknown> {
  const openai = new OpenAI({ baseURL, apiKey: 'sk-secret', fetch: channel, dangerouslyAllowBrowser: true })
  return openai.chat.completions.create({ model: 'fixed', messages }).catch((error: unknown) => error)
}

test.each([
  ['a refusal', refused],
  ['a verifier that cannot be loaded', new BlindLlamaError('wasm.load', 'x')],
  ['a client that is closed', new BlindLlamaError('client.closed', 'x')],
  ['another destination', new BlindLlamaError('client.destination', 'x')],
])('openai does not retry after %s, and its error has the code', async (_, error) => {
  const { fetch, calls } = failing(error)
  const seen = await ask(fetch)
  expect(seen).toMatchObject({ status: 406, code: error.code })
  expect(String(seen)).toContain(error.message)
  expect(BlindLlamaError.find(seen)).toBe(error)
  expect(calls()).toBe(1)
})

test('openai retries what may go better, as before', async () => {
  const { fetch, calls } = failing(unreachable)
  expect(BlindLlamaError.find(await ask(fetch))).toBe(unreachable)
  expect(calls()).toBe(3)
})

test('LangChain, which retries six times, does not retry after a refusal', async () => {
  const { fetch, calls } = failing(refused)
  const configuration = { baseURL, fetch, dangerouslyAllowBrowser: true }
  const seen = await new ChatOpenAI({ model: 'fixed', apiKey: 'x', configuration })
    .invoke('private words')
    .catch((error: unknown) => error)
  expect(BlindLlamaError.find(seen)).toBe(refused)
  expect(calls()).toBe(1)
})

test('a header that cannot be sent is quoted to nobody, also where the address is wrong too', async () => {
  const base = new URL(baseURL)
  const channel = channelFetch({ base, endpoint: base }, { current: never, replace: never })
  const headers = { authorization: 'sk-SECRET\n42' }
  const error = await answerRetrying(channel, fetch)('https://other.example/v1', { headers }).catch((e: unknown) => e)
  expect(error).toMatchObject({ name: 'BlindLlamaError', code: 'request.field' })
  expect(inspect(error, { depth: 12, showHidden: true })).not.toContain('SECRET')
})

test('every other caller gets the rejection', async () => {
  const { fetch } = failing(refused)
  await expect(fetch(baseURL)).rejects.toBe(refused)
  await expect(fetch(new Request(baseURL), { method: 'POST' })).rejects.toBe(refused)
})

test('a Request of a client that retries is answered too, with nothing of the request', async () => {
  const { fetch } = failing(refused)
  const request = new Request(baseURL, {
    method: 'POST',
    headers: { 'x-stainless-retry-count': '0', authorization: 'sk-secret' },
    body: 'private words',
  })
  const response = await fetch(request)
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([406, 'false'])
  expect(await response.json()).toEqual({
    error: { message: refused.message, code: 'pcr.mismatch', type: 'blindllama', param: null, help: refused.help },
  })
})

test('what is not ours passes unchanged', async () => {
  const { fetch } = failing(new DOMException('stopped', 'AbortError'))
  await expect(fetch(baseURL, { headers: { 'x-stainless-retry-count': '1' } })).rejects.toThrow('stopped')
})

test('the platform stays below it', () => {
  const platform = vi.fn<typeof fetch>()
  vi.stubGlobal(
    'fetch',
    answerRetrying(async () => Response.error(), platform),
  )
  expect(platformFetch()).toBe(platform)
  vi.unstubAllGlobals()
})

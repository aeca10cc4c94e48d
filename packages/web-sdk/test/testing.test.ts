import OpenAI from 'openai'
import { afterEach, expect, test, vi } from 'vitest'
import { fakeClient, fakeRefusal } from '../src/testing.js'

const respond = async (request: Request): Promise<Response> => Response.json({ echo: await request.text() })

afterEach(() => vi.unstubAllEnvs())

test('a test double answers in the place of the service, and says what it is', async () => {
  const client = fakeClient({ respond })
  expect(client).toMatchObject({ fake: true, verdict: { fake: true, simulated: true, assurance: 'simulated' } })
  const response = await client.fetch('v1/models', { method: 'POST', body: 'words' })
  expect(await response.json()).toEqual({ echo: 'words' })
})

test('openai works with it', async () => {
  const choices = [{ index: 0, message: { role: 'assistant', content: 'an answer' }, finish_reason: 'stop' }]
  const { fetch } = fakeClient({ url: 'https://service.example', respond: () => Response.json({ choices }) })
  const openai = new OpenAI({
    baseURL: 'https://service.example/v1',
    apiKey: 'x',
    fetch,
    dangerouslyAllowBrowser: true,
  })
  const answer = await openai.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: 'x' }] })
  expect(answer.choices[0]?.message.content).toBe('an answer')
})

test('it refuses what a client refuses', async () => {
  const client = fakeClient({ url: 'https://service.example/base', respond })
  await expect(client.fetch('https://service.example/other')).rejects.toMatchObject({ code: 'client.destination' })
  await expect(client.fetch('v1/models', { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
  client.close()
  await expect(client.fetch('v1/models')).rejects.toMatchObject({ code: 'client.closed' })
  await expect(client.renew()).rejects.toMatchObject({ code: 'client.closed' })
})

test('a refusal of it has a verdict', () => {
  expect(fakeRefusal('pcr.mismatch', 'PCR 4')).toMatchObject({
    code: 'pcr.mismatch',
    verdict: { result: 'fail', code: 'pcr.mismatch', detail: 'PCR 4' },
  })
})

test.each(['production', 'staging', '', undefined])('it is refused while NODE_ENV is %j', (mode) => {
  vi.stubEnv('NODE_ENV', mode)
  expect(() => fakeClient({ respond })).toThrow(expect.objectContaining({ code: 'client.fake' }))
  expect(() => fakeRefusal('pcr.mismatch')).toThrow(expect.objectContaining({ code: 'client.fake' }))
})

test('it is refused where nothing says what is built', () => {
  vi.stubGlobal('process', undefined)
  expect(() => fakeClient({ respond })).toThrow(expect.objectContaining({ code: 'client.fake' }))
  vi.unstubAllGlobals()
})

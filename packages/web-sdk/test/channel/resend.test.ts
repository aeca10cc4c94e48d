import { expect, test } from 'vitest'
import type { InnerRequest } from '../../src/channel/inner-request.js'
import { isRepeatable, resendOf } from '../../src/channel/resend.js'

const chat = '/v1/chat/completions'
const responses = '/v1/responses'

function asking(method: string, path: string, content: string | Blob): InnerRequest {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  return {
    method,
    path,
    fields: [],
    idempotencyKey: 'k'.repeat(22),
    keyIsCallers: false,
    content: bytes,
    signal: undefined,
  }
}

test.each<[boolean, string, string, unknown]>([
  [true, 'GET', '/v1/models', ''],
  [true, 'GET', '/v1/files/x/content', ''],
  [true, 'GET', '/v1/files/x', ''],
  [true, 'HEAD', '/v1/models', ''],
  [true, 'POST', chat, { model: 'm', messages: [] }],
  [true, 'POST', `${chat}?api-version=1`, { stream: true }],
  [true, 'POST', chat, { store: false, tools: null }],
  [true, 'POST', chat, { store: null, previous_response_id: null, conversation: null, background: false }],
  [true, 'POST', chat, { tools: [{ type: 'function', function: { name: 'f' } }, { type: 'custom' }] }],
  [true, 'POST', '/v1/completions', { prompt: 'p' }],
  [true, 'POST', '/v1/embeddings', { input: 'i' }],
  [true, 'POST', '/v1/moderations', { input: 'i' }],
  [true, 'POST', '/v1/moderations?api-version=1', { input: ['i', 'j'], model: 'm' }],
  [true, 'POST', responses, { input: 'i', store: false }],
  [true, 'POST', chat, new Blob(['{"messages":[]}'])],
  [true, 'POST', '/v1/audio/speech', { input: 'i' }],
  [true, 'POST', '/v1/images/generations', { prompt: 'p' }],
  [true, 'POST', '/v1/rerank', { query: 'q', documents: [] }],
  [true, 'POST', '/rerank?x', { query: 'q', documents: [] }],
  [true, 'POST', '/v1/score', { text_1: 'a', text_2: 'b' }],
  [true, 'POST', '/tokenize', { prompt: 'p' }],
  [true, 'POST', '/detokenize', { tokens: [1] }],
  [false, 'POST', '/v1/audio/transcriptions', '--x\r\n'],
  [false, 'POST', '/v1/images/edits', {}],
  [false, 'POST', '/v1/audio/speech/x', {}],
  [false, 'POST', '/v1/batches/batch_1/cancel', {}],
  [false, 'POST', '/v1/rerankx', {}],
  [false, 'POST', responses, { input: 'i' }],
  [false, 'POST', responses, { input: 'i', store: true }],
  [false, 'POST', responses, { input: 'i', store: null }],
  [false, 'POST', responses, { input: 'i', store: false, previous_response_id: 'resp_1' }],
  [false, 'POST', responses, { input: 'i', store: false, conversation: 'conv_1' }],
  [false, 'POST', responses, { input: 'i', store: false, background: true }],
  [false, 'POST', responses, { input: 'i', store: false, tools: [{ type: 'mcp' }] }],
  [false, 'POST', responses, { store: false, prompt: { id: 'pmpt_1' } }],
  [false, 'POST', chat, { web_search_options: {} }],
  [true, 'POST', '/v1/completions', { prompt: 'once upon a time' }],
  [false, 'POST', chat, { store: true }],
  [false, 'POST', chat, { tools: [{ type: 'function' }, { type: 'web_search' }] }],
  [false, 'POST', chat, { tools: { type: 'function' } }],
  [false, 'POST', chat, 'not JSON'],
  [false, 'POST', chat, 'null'],
  [false, 'POST', chat, ''],
  [false, 'POST', '/v1/moderations', { input: 'i', store: true }],
  [false, 'POST', '/v1/moderations', 'not JSON'],
  [false, 'POST', '/v1/moderations/x', { input: 'i' }],
  [false, 'POST', '/v1/files/x', {}],
  [false, 'DELETE', '/v1/files/x', ''],
  [false, 'POST', '/v1/files', { purpose: 'x' }],
  [false, 'POST', '/v1/batches', {}],
  [false, 'POST', '/v1/chat/completions/x', {}],
  [false, 'POST', '/x/v1/chat/completions', {}],
  [false, 'POST', '/v1/responses/resp_1/cancel', { store: false }],
  [false, 'DELETE', '/v1/responses/resp_1', ''],
  [false, 'PUT', chat, {}],
  [false, 'get', '/v1/models', ''],
])('repeatable is %s: %s %s %j', async (expected, method, path, content) => {
  const text = typeof content === 'string' || content instanceof Blob ? content : JSON.stringify(content)
  expect(await isRepeatable(asking(method, path, text))).toBe(expected)
})

test('what is no value of the option is refused by name', () => {
  for (const value of ['never', 'repeatable', 'always']) expect(resendOf(value)).toBe(value)
  for (const value of ['Never', '', true, null, 1, 'repeatible'])
    expect(() => resendOf(value)).toThrow(expect.objectContaining({ code: 'client.options' }))
})

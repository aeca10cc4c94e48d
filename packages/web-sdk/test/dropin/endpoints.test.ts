import { expect, test } from 'vitest'
import { allEndpoints, endpointsOf } from '../../src/dropin/endpoints.js'
import '../support/location.js'

const base = new URL('https://chat.example/llm/')

test.each([
  'https://chat.example/llm/v1/models',
  'https://chat.example/llm/v1',
  'https://chat.example/llm/v1?q=1',
  'https://chat.example:443/llm/v1/models',
  'http://chat.example/llm/v1/models',
  'http://chat.example:443/llm/v1/models',
  'ws://chat.example/llm/v1/realtime',
  'ws://chat.example:443/llm/v1/realtime',
  'wss://chat.example/llm/v1/realtime',
  'https://chat.example./llm/v1/models',
  'https://CHAT.example/LLM/V1/models',
  'https://user:password@chat.example/llm/v1/models',
  'https://chat.example/llm/%76%31/models',
  'https://chat.example/llm/%2576%2531/models',
  'https://chat.example//llm//v1/models',
  'https://chat.example/llm\\v1\\models',
  'https://chat.example/x/..%2Fllm/v1/models',
  'https://chat.example/llm/v1/%252e%252e/%252e%252e/slots',
  'https://chat.example/llm;x/v1;y/models',
  'https://chat.example/llm/v1/blindllama/v1/evidence',
  'https://chat.example/llm/blindllama/v1/..%2f..%2fv1/models',
])('%s is declared', (address) => {
  expect(endpointsOf(base, ['v1/']).declared(address)).toBe(new URL(address).href)
})

test.each([
  'https://chat.example/llm/v2/models',
  'https://chat.example/llm/v10/models',
  'https://chat.example/v1/models',
  'https://chat.example:8443/llm/v1/models',
  'http://chat.example:8443/llm/v1/models',
  'https://chat.example.evil.example/llm/v1/models',
  'https://evil.example/llm/v1/models',
  'data:text/plain,https://chat.example/llm/v1/models',
  'blob:https://chat.example/llm/v1/models',
  'https://[',
  '',
])('%j is not', (address) => {
  expect(endpointsOf(base, ['v1/']).declared(address)).toBeUndefined()
})

test('no path stands for everything below the service but the protocol itself', () => {
  const { declared } = endpointsOf(base, [], [base, new URL('https://relay.example/')])
  expect(declared('https://chat.example/llm/x')).toBeDefined()
  for (const own of [
    'https://chat.example/llm/blindllama/v1/evidence?nonce=x',
    'https://chat.example/llm/blindllama/v1/o/1',
    'https://relay.example/blindllama/v1/o/1',
  ])
    expect(declared(own), own).toBeUndefined()
})

test('a path without a slash at its end stands for itself and for what is below it', () => {
  const { declared } = endpointsOf(base, ['/llm/v1/chat'])
  expect(declared('https://chat.example/llm/v1/chat')).toBeDefined()
  expect(declared('https://chat.example/llm/v1/chat/completions')).toBeDefined()
  expect(declared('https://chat.example/llm/v1/chats')).toBeUndefined()
})

test.each([
  '/llm/v1/*',
  '/llm/v1/**',
  '/llm/v1/,/llm/v2/',
  '/llm/v1/,',
  '/llm/v1/;/llm/v2/',
  '/llm/:version/',
  '/llm/{version}/',
  '^/llm/v1/',
  '/llm/(v1|v2)/',
  '"/llm/v1/"',
  'true',
  'all',
  '1',
  '',
])('what stands for more than a path declares nothing less than it means: %j', (path) => {
  expect(() => endpointsOf(base, ['v1/', path])).toThrow(expect.objectContaining({ code: 'dropin.tag' }))
})

test('a colon within a name is part of a path', () => {
  const { declared } = endpointsOf(base, ['models/x:generate'])
  expect(declared('https://chat.example/llm/models/x:generate')).toBeDefined()
})

test.each(['/v1/', 'https://evil.example/llm/v1/', 'v1/?q', '../v1/', 'https://[', '//evil.example/'])(
  'a path that is not below the service is refused: %s',
  (path) => {
    expect(() => endpointsOf(base, [path])).toThrow(expect.objectContaining({ code: 'dropin.tag' }))
  },
)

test('what a tag means that cannot be read is everything', () => {
  expect(allEndpoints.declared('https://anywhere.example/')).toBe('https://anywhere.example/')
  expect(allEndpoints.declared('https://[')).toBe('https://[')
})

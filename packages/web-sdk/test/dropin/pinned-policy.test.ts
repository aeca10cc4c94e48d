import { createHash } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { loadPolicy, policySource } from '../../src/dropin/pinned-policy.js'

const text = '{"version":1}'
const bytes = new TextEncoder().encode(text)
const address = '/policy.json'
const hash = (algorithm: string, of: string): string =>
  `${algorithm}-${createHash(algorithm).update(of).digest('base64')}`
const answering = (response: () => Response): typeof fetch => {
  return async () => response()
}
const code = (value: string): object => expect.objectContaining({ code: value }) as object

test.each(['sha256', 'sha384', 'sha512'])('a file with its %s is the policy', async (algorithm) => {
  const source = policySource({ policy: address, policyIntegrity: hash(algorithm, text) })
  expect(
    await loadPolicy(
      source,
      answering(() => new Response(text)),
    ),
  ).toEqual(bytes)
  await expect(
    loadPolicy(
      source,
      answering(() => new Response(`${text} `)),
    ),
  ).rejects.toThrow(code('policy.integrity'))
})

test('one of several hashes has to fit', async () => {
  const policyIntegrity = ` ${hash('sha384', 'next')}\n${hash('sha256', text)} `
  const source = policySource({ policy: address, policyIntegrity })
  expect(
    await loadPolicy(
      source,
      answering(() => new Response(text)),
    ),
  ).toEqual(bytes)
})

test.each([
  undefined,
  '',
  ' ',
  'sha384-',
  'md5-1B2M2Y8AsgTpgAmY7PhCfg==',
  hash('sha256', text).replace('sha256', 'sha384'),
  `${hash('sha384', text)}?x`,
  `${hash('sha384', text)} none`,
])('%j pins no address', (policyIntegrity) => {
  expect(() => policySource({ policy: address, policyIntegrity })).toThrow(code('policy.unpinned'))
})

const key = '1a'.repeat(32)

test.each([
  '',
  ' ',
  key.toUpperCase(),
  key.slice(2),
  `${key}00`,
  `${key} none`,
  `${key},${'2b'.repeat(32)}`,
  `${key} ${key}`,
  Array.from({ length: 17 }, (_, index) => index.toString(16).padStart(2, '0').repeat(32)).join(' '),
])('the keys %j pin no address', (policyKeys) => {
  expect(() => policySource({ policy: address, policyKeys })).toThrow(code('policy.unpinned'))
})

test('an address is pinned by a hash or by keys, never by both', () => {
  expect(policySource({ policy: address, policyKeys: ` ${key}\n${'2b'.repeat(32)} ` })).toEqual({
    address,
    keys: [key, '2b'.repeat(32)],
  })
  for (const policyIntegrity of [hash('sha384', text), ''])
    expect(() => policySource({ policy: address, policyIntegrity, policyKeys: key })).toThrow(code('client.options'))
})

test('a page without HTTPS is told so, for a hash and for keys', async () => {
  const source = policySource({ policy: address, policyIntegrity: hash('sha384', text) })
  vi.stubGlobal('crypto', {})
  try {
    const never = answering(() => Response.error())
    await expect(loadPolicy(source, never)).rejects.toThrow(code('client.environment'))
    await expect(loadPolicy(policySource({ policy: address, policyKeys: key }), never)).rejects.toThrow(
      code('client.environment'),
    )
  } finally {
    vi.unstubAllGlobals()
  }
})

test('a policy that is written out is pinned as it is, and has no hash and no keys beside it', async () => {
  const never = answering(() => Response.error())
  expect(await loadPolicy(policySource({ policy: ` ${text}` }), never)).toEqual(new TextEncoder().encode(` ${text}`))
  expect(await loadPolicy(policySource({ policy: bytes }), never)).toEqual(bytes)
  expect(() => policySource({ policy: text, policyIntegrity: hash('sha384', text) })).toThrow(code('client.options'))
  expect(() => policySource({ policy: text, policyKeys: key })).toThrow(code('client.options'))
})

test.each<readonly [string, () => Response]>([
  ['another status', () => new Response(text, { status: 206 })],
  ['too many bytes', () => new Response(new Uint8Array(256 * 1024 + 1))],
  [
    'an answer that breaks off',
    () => new Response(new ReadableStream({ pull: (controller) => controller.error(new Error('private words')) })),
  ],
])('%s is policy.unreachable', async (_, response) => {
  const source = policySource({ policy: address, policyIntegrity: hash('sha384', text) })
  await expect(loadPolicy(source, answering(response))).rejects.toThrow(code('policy.unreachable'))
})

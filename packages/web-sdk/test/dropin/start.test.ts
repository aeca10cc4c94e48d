import { afterEach, expect, test, vi } from 'vitest'
import type { Origins } from '../../src/connect.js'
import type { UpgradeOptions } from '../../src/dropin/global.js'
import { startUpgrade } from '../../src/dropin/start.js'
import '../support/location.js'

const origins: Origins = { wasm: () => new Uint8Array(), hybrid: () => Promise.reject(new Error()) }
const given = { url: 'https://chat.example/', policy: '{}' }

afterEach(() => {
  vi.unstubAllGlobals()
})

test.each([
  ['an empty text, as in the tag', ''],
  ['a text', '/v1/'],
  ['null', null],
  ['false', false],
  ['0', 0],
] as const)('an upgrade whose paths are %s sends nothing in clear text', async (_, upgrade) => {
  const platform = vi.fn(async () => new Response())
  vi.stubGlobal('fetch', platform)
  const careless = { ...given, upgrade } as unknown as UpgradeOptions
  expect(() => startUpgrade(careless, origins)).toThrow(expect.objectContaining({ code: 'client.options' }) as Error)
  await expect(fetch('https://chat.example/v1/chat/completions')).rejects.toMatchObject({ code: 'client.options' })
  expect(platform).not.toHaveBeenCalled()
})

test.each([[undefined], [null], [new URL('https://chat.example/v1/')], [['/v1/']]])(
  'a path that is no text (%s) declares nothing else in its place',
  async (path) => {
    const platform = vi.fn(async () => new Response())
    vi.stubGlobal('fetch', platform)
    const careless = { ...given, upgrade: [path] } as unknown as UpgradeOptions
    expect(() => startUpgrade(careless, origins)).toThrow(expect.objectContaining({ code: 'client.options' }) as Error)
    await expect(fetch('https://chat.example/v1/chat/completions')).rejects.toMatchObject({ code: 'client.options' })
    expect(platform).not.toHaveBeenCalled()
  },
)

test('an upgrade without paths is one of everything below the service', async () => {
  const platform = vi.fn(async () => new Response('other'))
  vi.stubGlobal('fetch', platform)
  startUpgrade(given, origins).close()
  await expect(fetch('https://chat.example/v1/chat/completions')).rejects.toMatchObject({ code: 'client.closed' })
  expect(platform).not.toHaveBeenCalled()
  expect(await (await fetch('https://other.example/')).text()).toBe('other')
})

import { afterEach, expect, test, vi } from 'vitest'
import { allowsSimulated } from '../../src/allow-simulated.js'
import { startUpgrade } from '../../src/dropin/start.js'
import { tagOf } from '../../src/dropin/tag.js'
import { settingsOf } from '../../src/options.js'
import '../support/location.js'

/** What a library that merges JSON without care puts on every object of the page. */
function pollute(members: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(members)) {
    everyObject[name] = value
    polluted.push(name)
  }
}

const polluted: string[] = []
const everyObject = Object.getPrototypeOf({}) as Record<string, unknown>

afterEach(() => {
  for (const name of polluted.splice(0)) Reflect.deleteProperty(Object.prototype, name)
  vi.unstubAllGlobals()
})

const given = { url: 'https://chat.example/', policy: '{}' }

test('every option that is left out has its default', () => {
  const usual = settingsOf(given)
  pollute({
    dangerouslyAllowSimulated: true,
    allowSimulated: true,
    relay: 'https://evil.example/',
    resend: 'always',
    attestTimeoutMs: 1,
    state: {},
    receipts: {},
  })
  const { endpoint, allowSimulated, resend, attestTimeoutMs, state, receipts } = settingsOf(given)
  expect(endpoint.href).toBe('https://chat.example/')
  expect({ allowSimulated, resend, attestTimeoutMs, state, receipts }).toEqual({
    allowSimulated: false,
    resend: usual.resend,
    attestTimeoutMs: usual.attestTimeoutMs,
    state: undefined,
    receipts: undefined,
  })
  expect(allowsSimulated({})).toBe(false)
})

test('a tag says what its attributes say', () => {
  pollute({ dangerouslyAllowSimulated: 'true', relay: 'https://evil.example/', upgrade: '/v2/' })
  const dataset = { url: given.url, policy: given.policy }
  const script = { dataset, getAttributeNames: () => [], async: false, defer: false }
  const tag = tagOf(script as unknown as HTMLScriptElement)
  expect(tag?.upgrade).toBeUndefined()
  expect(tag?.options).toEqual({ ...given, dangerouslyAllowSimulated: false })
  expect(Object.hasOwn(tag?.options ?? {}, 'relay')).toBe(false)
})

test('an upgrade without paths stays one of everything below the service', async () => {
  const platform = vi.fn(async () => new Response())
  vi.stubGlobal('fetch', platform)
  pollute({ upgrade: ['/elsewhere/'] })
  const client = startUpgrade(given, { wasm: () => new Uint8Array(), hybrid: () => Promise.reject(new Error()) })
  client.close()
  await expect(fetch('https://chat.example/v1/chat/completions')).rejects.toMatchObject({ code: 'client.closed' })
  expect(platform).not.toHaveBeenCalled()
})

// @vitest-environment jsdom
import { expect, test } from 'vitest'
import { tagOf } from '../../src/dropin/tag.js'

const plain = { 'data-url': 'https://chat.example/', 'data-policy': '/policy.json' }

function script(attributes: Readonly<Record<string, string>>): HTMLScriptElement {
  const element = document.createElement('script')
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

test('a tag is read attribute by attribute', () => {
  const key = '1a'.repeat(32)
  const more = { 'data-policy-keys': key, 'data-upgrade': ' /v1/ /v2/ ', integrity: 'sha384-x' }
  expect(tagOf(script({ ...plain, ...more }))).toEqual({
    upgrade: ['/v1/', '/v2/'],
    options: {
      url: 'https://chat.example/',
      policy: '/policy.json',
      policyIntegrity: undefined,
      policyKeys: key,
      dangerouslyAllowSimulated: false,
    },
  })
  expect(tagOf(script({ src: '/blindllama.js' }))).toBeUndefined()
})

test.each([
  ['data-polcy-keys', 'Did you mean data-policy-keys?'],
  ['data-upgrde', 'Did you mean data-upgrade?'],
  ['data-allow-simulated', 'Did you mean data-dangerously-allow-simulated?'],
  ['policy-integrity', 'Did you mean data-policy-integrity?'],
  ['integrty', 'Did you mean integrity?'],
  ['data_url', 'Did you mean data-url?'],
])('%s is dropin.tag, and names what was meant', (name, sentence) => {
  const read = (): unknown => tagOf(script({ ...plain, [name]: 'x' }))
  expect(read).toThrow(expect.objectContaining({ code: 'dropin.tag' }) as Error)
  expect(read).toThrow(sentence)
})

// @vitest-environment jsdom
import { act, cleanup, renderHook } from '@testing-library/react'
import { afterEach, expect, test } from 'vitest'
import type { Policy } from '../../src/policy.js'
import { optionsKey } from '../../src/react/options.js'
import { Sessions } from '../../src/react/sessions.js'
import { createUseBlindLlama } from '../../src/react/use-blindllama.js'
import { HeldClients } from './held-client.js'

const url = 'https://llm.example/'
const policy: Policy = {
  version: 1,
  anchors: [{ kind: 'simulated', name: `000b${'11'.repeat(32)}` }],
  pcrs: { bank: 'sha256', rules: { '4': 'golden' } },
  releases: [{ name: 'Größe', pcrs: { '4': '22'.repeat(32) } }],
}
const text: string = JSON.stringify(policy)
/** Of the realm of the page: jsdom's encoder gives arrays of another one. */
const utf8 = (some: string): Uint8Array => Uint8Array.from(new TextEncoder().encode(some))
const bytes: Uint8Array = utf8(text)

afterEach(cleanup)

test('a policy as text, as its bytes and as an object is one attestation', async () => {
  const held = new HeldClients()
  const useBlindLlama = createUseBlindLlama(new Sessions(held.open))
  for (const form of [text, bytes, policy]) renderHook(() => useBlindLlama({ url, policy: form }))
  await act(async () => undefined)
  expect(held.opened).toHaveLength(1)
})

test.each([
  ['begins with a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, ...bytes)],
  ['is not UTF-8', Uint8Array.of(...bytes, 0xff)],
  ['has another white space', utf8(`${text} `)],
])('a policy that %s is another one', (_, other) => {
  expect(optionsKey({ url, policy: other })).not.toBe(optionsKey({ url, policy }))
})

test('bytes that are not UTF-8 are not the text that they decode to', () => {
  const broken = Uint8Array.of(0xff)
  expect(optionsKey({ url, policy: broken })).not.toBe(optionsKey({ url, policy: new TextDecoder().decode(broken) }))
})

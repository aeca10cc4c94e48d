import { afterEach, expect, test, vi } from 'vitest'
import { utf8 } from '../../src/bytes.js'
import { sealRequest } from '../../src/ohttp/seal-request.js'
import { requestKeyOf } from '../support/channel-keys.js'
import { bytesOf } from '../support/bytes.js'
import { HpkeCoreGateway } from '../support/hpke-core-gateway.js'

afterEach(() => void vi.restoreAllMocks())

/** Key generation that fails as WebKitGTK's does now and then, `times` in a row, and works from then on. */
function failingKeyGeneration(times: number): { readonly calls: () => number } {
  const generate = crypto.subtle.generateKey.bind(crypto.subtle)
  const spy = vi.spyOn(crypto.subtle, 'generateKey')
  for (let time = 0; time < times; time += 1)
    spy.mockRejectedValueOnce(new DOMException('The operation failed', 'OperationError'))
  spy.mockImplementation(generate as typeof crypto.subtle.generateKey)
  return { calls: () => spy.mock.calls.length }
}

test('a key generation that fails three times is tried once more, and the request is one that the gateway opens', async () => {
  const gateway = await HpkeCoreGateway.create(1)
  const key = await requestKeyOf(gateway.config)
  const generation = failingKeyGeneration(3)
  const { body } = await sealRequest(key, [utf8('hello')])
  expect(generation.calls()).toBe(4)
  expect((await gateway.open(await bytesOf(body))).chunks).toEqual([utf8('hello')])
})

test('a key generation that always fails ends in one stable code', async () => {
  const key = await requestKeyOf((await HpkeCoreGateway.create(1)).config)
  const generation = failingKeyGeneration(1000)
  await expect(sealRequest(key, [utf8('hello')])).rejects.toMatchObject({ code: 'channel.key' })
  expect(generation.calls()).toBe(4)
})

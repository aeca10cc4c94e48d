// @vitest-environment jsdom
import { BlindLlamaError } from '@blindllama/web-sdk'
import type { BlindLlama } from '@blindllama/web-sdk/react'
import { renderHook } from '@testing-library/preact'
import { expect, it, vi } from 'vitest'
import { useNetworkReturn } from '../src/proof/use-network-return.ts'

/** How often a page in the state of `error` attests anew when the network is back, and comes back again once it is verified. */
function retriesAfter(error: BlindLlamaError): number {
  const retry = vi.fn()
  const inState = (state: object): BlindLlama => ({ ...state, retry }) as unknown as BlindLlama
  const { rerender } = renderHook(useNetworkReturn, { initialProps: inState({ status: 'error', error }) })
  window.dispatchEvent(new Event('online'))
  rerender(inState({ status: 'ready', error: undefined }))
  window.dispatchEvent(new Event('online'))
  return retry.mock.calls.length
}

it('attests anew when the network is back, where the service was out of reach', () => {
  expect(retriesAfter(new BlindLlamaError('evidence.unreachable', 'No way there'))).toBe(1)
})

it('leaves a refusal to the person', () => {
  expect(retriesAfter(new BlindLlamaError('ak.untrusted', 'No anchor'))).toBe(0)
})

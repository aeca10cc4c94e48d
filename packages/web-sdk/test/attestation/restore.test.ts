import { afterEach, expect, test, vi } from 'vitest'
import { expireOnRestore } from '../../src/attestation/restore.js'

afterEach(() => vi.unstubAllGlobals())

function page(): EventTarget {
  const target = new EventTarget()
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target))
  vi.stubGlobal('removeEventListener', target.removeEventListener.bind(target))
  return target
}

function pageshow(persisted: boolean): Event {
  return Object.assign(new Event('pageshow'), { persisted })
}

test('ends the key when the page comes back from the back-forward cache, not when it is shown first', () => {
  const target = page()
  const key = { expire: vi.fn() }
  const stop = expireOnRestore(key)
  target.dispatchEvent(pageshow(false))
  expect(key.expire).not.toHaveBeenCalled()
  target.dispatchEvent(pageshow(true))
  expect(key.expire).toHaveBeenCalledOnce()
  stop()
  target.dispatchEvent(pageshow(true))
  expect(key.expire).toHaveBeenCalledOnce()
})

test('does nothing where there is no page', () => {
  vi.stubGlobal('addEventListener', undefined)
  expect(() => expireOnRestore({ expire: vi.fn() })()).not.toThrow()
})

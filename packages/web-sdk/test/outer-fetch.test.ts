import { afterEach, describe, expect, test, vi } from 'vitest'
import { discard, outerRequest, over, platformFetch } from '../src/outer-fetch.js'

afterEach(() => void vi.unstubAllGlobals())

/** A constructor that refuses all but the referrer. */
const refusing = function refusing(_: string, init: RequestInit): void {
  if (Object.keys(init).some((name) => name !== 'referrerPolicy')) throw new TypeError('not implemented')
}

const platform: typeof fetch = async () => new Response('platform')

describe('the fetch of the platform', () => {
  test('is taken when it is asked for, and stays what it was', async () => {
    const first = vi.fn<typeof fetch>(async () => new Response('first'))
    vi.stubGlobal('fetch', first)
    const taken = platformFetch()
    vi.stubGlobal('fetch', async () => new Response('second'))
    expect(await (await taken('https://x.example/')).text()).toBe('first')
    expect(first.mock.contexts).toEqual([globalThis])
  })

  test('is found below one of ours that a page put in its place', async () => {
    const ours = over(async () => expect.unreachable('ours was called'), platform)
    vi.stubGlobal('fetch', ours)
    expect(platformFetch()).toBe(platform)
  })
})

test('a response that nobody reads is let go, also where that fails', async () => {
  const cancel = vi.fn()
  discard(new Response(new ReadableStream({ cancel })))
  expect(cancel).toHaveBeenCalledOnce()
  discard(new Response(null))
  const locked = new Response('x')
  locked.body?.getReader()
  discard(locked)
  await new Promise((resolve) => setTimeout(resolve))
})

describe('what every request is sent with', () => {
  test('is what the platform accepts', () => {
    expect(outerRequest()).toEqual({
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'error',
      cache: 'no-store',
    })
  })

  test('follows no redirect where a runtime refuses the rest, as workerd does', async () => {
    vi.resetModules()
    vi.stubGlobal('Request', refusing)
    const fresh = await import('../src/outer-fetch.js')
    expect(fresh.outerRequest()).toEqual({ redirect: 'manual', referrerPolicy: 'no-referrer' })
  })
})

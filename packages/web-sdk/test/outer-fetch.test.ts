import { afterEach, describe, expect, test, vi } from 'vitest'
import { discard, over, platformFetch } from '../src/outer-fetch.js'

afterEach(() => void vi.unstubAllGlobals())

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

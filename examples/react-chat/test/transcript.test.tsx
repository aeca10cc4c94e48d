// @vitest-environment jsdom
import { act, cleanup, fireEvent, render, screen } from '@testing-library/preact'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Transcript } from '../src/chat/transcript.tsx'

// jsdom lays nothing out: the test states the sizes, and tells the observers of them as a browser does.
const size = { scrollHeight: 0, clientHeight: 500, scrollTop: 0 }
let observers: (() => void)[] = []
const resized = (): void => void act(() => observers.forEach((observer) => observer()))

beforeEach(() => {
  Object.assign(size, { scrollHeight: 1000, clientHeight: 500, scrollTop: 0 })
  observers = []
  vi.stubGlobal(
    'ResizeObserver',
    class {
      constructor(callback: () => void) {
        observers.push(callback)
      }
      observe(): void {}
      disconnect(): void {}
    },
  )
  for (const name of ['scrollHeight', 'clientHeight', 'scrollTop'] as const)
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, get: () => size[name] })
  // As a browser: no further than the end.
  HTMLElement.prototype.scrollTo = ((to: ScrollToOptions): void => {
    size.scrollTop = Math.min(to.top ?? 0, size.scrollHeight - size.clientHeight)
  }) as typeof HTMLElement.prototype.scrollTo
})
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
  for (const name of ['scrollHeight', 'clientHeight', 'scrollTop', 'scrollTo'])
    Reflect.deleteProperty(HTMLElement.prototype, name)
})

/** The element that scrolls, of a conversation whose end is in view. */
function shown(): Element {
  render(
    <Transcript
      turns={[{ id: 'one', question: 'One?', answers: [] }]}
      ready
      busy={false}
      branchesOf={() => ({ at: 0, count: 1 })}
      onEdit={() => {}}
      onShow={() => {}}
      onAgain={() => {}}
      onVerify={() => {}}
    />,
  )
  expect(size.scrollTop).toBe(500)
  const scroller = screen.getByRole('log').parentElement as Element
  fireEvent.scroll(scroller)
  return scroller
}

it('shows an error that appears between a scroll and its event', () => {
  const scroller = shown()
  size.scrollHeight = 1040
  resized()
  // The event of that scroll comes after the error has made the answer longer, and before the observers hear of it.
  size.scrollHeight = 1300
  fireEvent.scroll(scroller)
  resized()
  expect(size.scrollTop).toBe(800)
  expect(screen.queryByRole('button', { name: 'Go to the latest message' })).toBeNull()
})

it('shows the end when a refusal under the transcript makes it smaller', () => {
  const scroller = shown()
  size.clientHeight = 300
  fireEvent.scroll(scroller)
  resized()
  expect(size.scrollTop).toBe(700)
})

it('leaves a reader who scrolled up where they are, and offers the way to the end', () => {
  const scroller = shown()
  size.scrollTop = 100
  fireEvent.scroll(scroller)
  size.scrollHeight = 1300
  resized()
  expect(size.scrollTop).toBe(100)
  fireEvent.click(screen.getByRole('button', { name: 'Go to the latest message' }))
  fireEvent.scroll(scroller)
  expect(size.scrollTop).toBe(800)
  size.scrollHeight = 1400
  resized()
  expect(size.scrollTop, 'and follows again').toBe(900)
})

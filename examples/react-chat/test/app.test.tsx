// @vitest-environment jsdom
import { cleanup, configure, fireEvent, render, screen, waitFor } from '@testing-library/preact'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'

// Bounds a hang: a busy machine takes its time.
configure({ asyncUtilTimeout: 30_000 })

const staging = { url: 'https://llm.example/', policy: '{}', model: 'm', measured: [] }
const asked: string[] = []

beforeEach(() => {
  asked.length = 0
  // The service never answers: the page stays at verifying.
  vi.stubGlobal('fetch', async (input: RequestInfo | URL) => {
    const url = String(input instanceof Request ? input.url : input)
    if (url === '/staging.json') return Response.json(staging)
    asked.push(url)
    return new Promise<Response>(() => {})
  })
  vi.stubGlobal('matchMedia', () => ({ matches: false }))
  // jsdom constructs no style sheets.
  vi.stubGlobal(
    'CSSStyleSheet',
    class {
      replaceSync(): void {}
    },
  )
  Object.defineProperty(ShadowRoot.prototype, 'adoptedStyleSheets', { value: [], writable: true })
})
afterEach(() => {
  cleanup()
  vi.unstubAllGlobals()
})

it('takes no question before the service is verified, whatever the hook gives it to send with', async () => {
  const { App } = await import('../src/app.tsx')
  render(<App />)
  await waitFor(() => expect(screen.getByTestId('badge').dataset['status']).toBe('checking'))
  const suggestions = screen
    .getAllByRole<HTMLButtonElement>('button')
    .filter(({ className }) => /suggestion/.test(className))
  expect(suggestions.length).toBeGreaterThan(0)
  for (const suggestion of suggestions) {
    expect(suggestion.disabled).toBe(true)
    fireEvent.click(suggestion)
  }
  expect(screen.getByRole<HTMLTextAreaElement>('textbox').disabled).toBe(true)
  expect(screen.getByRole<HTMLButtonElement>('button', { name: 'Send' }).disabled).toBe(true)
  expect(screen.queryByTestId('answer')).toBeNull()
  for (const url of asked) expect(url).toMatch(/\/blindllama\/v1\/|blindllama_verifier_bg\.wasm$/)
})

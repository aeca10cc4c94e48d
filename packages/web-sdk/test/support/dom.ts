import { createRequire } from 'node:module'

interface Jsdom {
  JSDOM: new (html: string, options: { url: string }) => { window: { document: Document; navigator: Navigator } }
}

/**
 * A document for React, beside the `fetch`, `Request` and `AbortSignal` of Node.js: the environment `jsdom` of vitest has signals
 * that the platform's `fetch` does not take.
 */
const { JSDOM } = createRequire(import.meta.url)('jsdom') as Jsdom
const { window } = new JSDOM('<!doctype html><body></body>', { url: 'http://127.0.0.1/' })
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: false })
Object.defineProperty(globalThis, 'navigator', { value: window.navigator, configurable: true })

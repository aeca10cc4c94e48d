import { JSDOM } from 'jsdom'

/**
 * A document for React, beside the `fetch`, `Request` and `AbortSignal` of Node.js: the environment `jsdom` of vitest has signals
 * that the platform's `fetch` does not take.
 */
const { window } = new JSDOM('<!doctype html><body></body>', { url: 'http://127.0.0.1/' })
Object.assign(globalThis, { window, document: window.document, IS_REACT_ACT_ENVIRONMENT: false })
Object.defineProperty(globalThis, 'navigator', { value: window.navigator, configurable: true })

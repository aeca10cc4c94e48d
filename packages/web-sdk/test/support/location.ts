/* Addresses of a page or a worker are relative to its own. */
Object.defineProperty(globalThis, 'location', { value: new URL('https://page.example/index.html'), configurable: true })

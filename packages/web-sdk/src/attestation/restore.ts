/**
 * Ends the life of the key when the page comes back from the back-forward cache: its clocks stood still meanwhile. Does
 * nothing where there is no page.
 *
 * @returns what stops it.
 */
export function expireOnRestore(key: { expire: () => void }): () => void {
  if (typeof globalThis.addEventListener !== 'function') return () => {}
  const restored = (event: Event): void => {
    if ('persisted' in event && event.persisted === true) key.expire()
  }
  globalThis.addEventListener('pageshow', restored)
  return () => globalThis.removeEventListener('pageshow', restored)
}

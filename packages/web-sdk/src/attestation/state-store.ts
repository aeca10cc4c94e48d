/**
 * Stores the verifier's state of earlier visits (PROTOCOL.md §20): opaque bytes. `indexedDbState` of
 * `@blindllama/web-sdk/state` implements it for browsers. A file is another implementation:
 *
 * ```ts
 * const state: StateStore = {
 *   load: () => readFile(path).catch(() => undefined),
 *   store: (next) => writeFile(path, next),
 * }
 * ```
 */
export interface StateStore {
  /** What was stored last; `undefined` on a first visit. */
  load: () => Promise<Uint8Array | undefined>
  /**
   * Replaces `previous` by `state`. Where several writers share the place, as tabs do, something else than `previous` may
   * stand there by now: then nothing is stored and the answer is `false`, and the SDK begins again with `load`.
   */
  store: (state: Uint8Array, previous: Uint8Array | undefined) => Promise<boolean | void>
  /**
   * Runs one visit after the other, where several share the place: of answers that overtake each other, the later one looks
   * like that of a machine whose clock went back. `signal` ends the waiting.
   */
  exclusive?: <T>(visit: () => Promise<T>, signal: AbortSignal) => Promise<T>
}

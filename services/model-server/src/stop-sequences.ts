/** Cuts a text that arrives in pieces before the first stop sequence, and holds back what might become the start of one. */
export class StopSequences {
  readonly #stops: readonly string[]
  #held = ''
  #stopped = false

  constructor(stops: readonly string[]) {
    this.#stops = stops
  }

  get stopped(): boolean {
    return this.#stopped
  }

  /** Takes the next piece, gives what can be shown already. */
  push(piece: string): string {
    if (this.#stopped) return ''
    const text = this.#held + piece
    const hits = this.#stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0)
    if (hits.length > 0) {
      this.#stopped = true
      this.#held = ''
      return text.slice(0, Math.min(...hits))
    }
    const keep = Math.max(0, ...this.#stops.map((stop) => overlap(text, stop)))
    this.#held = text.slice(text.length - keep)
    return text.slice(0, text.length - keep)
  }

  /** The text has ended: gives what was held back. */
  finish(): string {
    const rest = this.#held
    this.#held = ''
    return rest
  }
}

/** Length of the longest end of `text` that is a beginning of `stop`. */
function overlap(text: string, stop: string): number {
  for (let length = Math.min(text.length, stop.length - 1); length > 0; length--) {
    if (text.endsWith(stop.slice(0, length))) return length
  }
  return 0
}

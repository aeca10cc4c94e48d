/** Shows work under way: a line that moves on a terminal, one settled line elsewhere. */
export class Line {
  readonly #title: string
  readonly #started = performance.now()
  readonly #timer: NodeJS.Timeout | undefined

  /** @param moves whether to show the time that passes, on a terminal; not where other lines are under way */
  constructor(title: string, { moves = true }: { moves?: boolean } = {}) {
    this.#title = title
    if (!process.stdout.isTTY || !moves) return
    const show = (): void => void process.stdout.write(`\r\u001B[K${title} … ${this.#seconds()}`)
    show()
    this.#timer = setInterval(show, 200)
  }

  settle(note: string): void {
    clearInterval(this.#timer)
    process.stdout.write(
      `${this.#timer === undefined ? '' : '\r\u001B[K'}${this.#title}: ${note} (${this.#seconds()})\n`,
    )
  }

  #seconds(): string {
    return `${((performance.now() - this.#started) / 1000).toFixed(1)} s`
  }
}

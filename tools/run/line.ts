/** Shows work under way: a line that moves on a terminal, one settled line elsewhere. */
export class Line {
  readonly #title: string
  readonly #started = performance.now()
  readonly #timer: NodeJS.Timeout | undefined

  constructor(title: string) {
    this.#title = title
    if (!process.stdout.isTTY) return
    const show = (): void => void process.stdout.write(`\r\u001B[K${title} … ${this.#seconds()}`)
    show()
    this.#timer = setInterval(show, 200)
  }

  settle(note: string): void {
    clearInterval(this.#timer)
    process.stdout.write(`${process.stdout.isTTY ? '\r\u001B[K' : ''}${this.#title}: ${note} (${this.#seconds()})\n`)
  }

  #seconds(): string {
    return `${((performance.now() - this.#started) / 1000).toFixed(1)} s`
  }
}

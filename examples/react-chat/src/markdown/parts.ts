/** From this length on, in UTF-16 code units, a part ends at the next place where Markdown can be cut without a trace. */
const ENOUGH = 2000
/** At this length a part ends at the next line or space, whatever is cut: what reads it must not take longer for longer answers. */
const MOST = 16_000
/** The same inside of a code block, of which nothing but its end is read. */
const MOST_CODE = 64_000

const FENCE = /^\s*(`{3,}|~{3,})([^`]*)$/
const CONTINUES = /^(?:\s|[-*+•]\s|\d{1,9}[.)]\s|[|>])/

interface Fence {
  readonly mark: string
  /** The line that opened it. */
  readonly line: string
}

/**
 * Cuts Markdown that grows into parts, each of which can be read for itself.
 *
 * A part that is followed by another one never changes, so that a screen reads each once, and the last one with every redraw. The whole
 * takes time that grows with the length of the text, whatever a reader makes of a part, since no part is longer than {@link MOST_CODE}.
 */
export class Parts {
  #text = ''
  #settled: string[] = []
  /** Where the last part begins. */
  #from = 0
  /** The first line that has not been read. */
  #at = 0
  #fence: Fence | undefined
  /** Opens the code block again that the cut before the last part was made in. */
  #prefix = ''
  #afterBlank = false

  /** @param text all that there is now: usually what there was, and more @returns the parts, whose last one may still grow */
  update(text: string): readonly string[] {
    if (!text.startsWith(this.#text)) this.#reset()
    this.#text = text
    for (let end = text.indexOf('\n', this.#at); end >= 0; end = text.indexOf('\n', this.#at)) this.#line(end)
    // A line without an end.
    while (text.length - this.#from > this.#most) this.#cut(this.#placeWithin(text))
    return [...this.#settled, this.#prefix + text.slice(this.#from)]
  }

  get #most(): number {
    return this.#fence ? MOST_CODE : MOST
  }

  #line(end: number): void {
    const begin = this.#at
    const line = this.#text.slice(begin, Math.min(end, begin + 300))
    const mark = FENCE.exec(line)
    if (this.#fence) {
      const [, found = '', rest = ''] = mark ?? []
      if (found.startsWith(this.#fence.mark) && rest.trim() === '') this.#fence = undefined
    } else {
      if (this.#afterBlank && begin - this.#from >= ENOUGH && !CONTINUES.test(line)) this.#cut(begin)
      if (mark) this.#fence = { mark: mark[1] ?? '', line }
    }
    this.#afterBlank = !this.#fence && line.trim() === ''
    this.#at = end + 1
    while (this.#at - this.#from > this.#most) this.#cut(begin > this.#from ? begin : this.#placeWithin(this.#text))
  }

  /** Behind the last space before the bound, and never between the two halves of a character. */
  #placeWithin(text: string): number {
    const bound = this.#from + this.#most
    const space = text.lastIndexOf(' ', bound)
    if (space > bound - 1000 && space > this.#from) return space + 1
    const code = text.charCodeAt(bound - 1)
    return code >= 0xd800 && code < 0xdc00 ? bound - 1 : bound
  }

  #cut(at: number): void {
    const isInCode = this.#fence && at > this.#from
    this.#settled.push(this.#prefix + this.#text.slice(this.#from, at))
    this.#prefix = isInCode && this.#fence ? `${this.#fence.line.trim()}\n` : ''
    this.#from = at
    this.#at = Math.max(this.#at, at)
  }

  #reset(): void {
    this.#settled = []
    this.#from = 0
    this.#at = 0
    this.#fence = undefined
    this.#prefix = ''
    this.#afterBlank = false
  }
}

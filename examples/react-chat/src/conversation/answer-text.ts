const BEGIN = '<think>'
const END = '</think>'

/** The fields in which servers send reasoning apart from the answer: llama.cpp and DeepSeek, vLLM and OpenRouter. */
interface Delta {
  readonly content?: string | null
  readonly reasoning_content?: string | null
  readonly reasoning?: string | null
}

/**
 * Takes the pieces of an answer apart: the answer, and reasoning that a model puts before it, either in a field of its own or between
 * `<think>` and `</think>`.
 */
export class AnswerText {
  text = ''
  reasoning = ''
  /** Beginning of the content that may still become a mark. */
  #held = ''
  #place: 'start' | 'reasoning' | 'between' | 'answer' = 'start'

  /** @returns whether the piece held text */
  take({ content, reasoning_content: apart, reasoning }: Delta): boolean {
    const thought = apart ?? reasoning
    if (typeof thought === 'string') this.reasoning += thought
    const said = typeof content === 'string' ? content : ''
    if (said !== '') this.#read(said)
    return said !== '' || (typeof thought === 'string' && thought !== '')
  }

  /** The stream has ended: what was held back is text. */
  end(): void {
    if (this.#place === 'reasoning') this.reasoning += this.#held
    else this.text += this.#held
    this.#held = ''
  }

  #read(piece: string): void {
    if (this.#place === 'answer') {
      this.text += piece
      return
    }
    // Lines between the reasoning and the answer belong to neither.
    if (this.#place === 'between') {
      this.text = piece.trimStart()
      if (this.text !== '') this.#place = 'answer'
      return
    }
    this.#held += piece
    if (this.#place === 'start') {
      const begun = this.#held.trimStart()
      if (BEGIN.startsWith(begun)) {
        if (begun !== BEGIN) return
      } else if (!begun.startsWith(BEGIN)) {
        this.#place = 'answer'
        this.text += this.#held
        this.#held = ''
        return
      }
      this.#place = 'reasoning'
      this.#held = begun.slice(BEGIN.length).trimStart()
    }
    const end = this.#held.indexOf(END)
    if (end < 0) {
      // All but what may be the beginning of the end mark.
      const safe = Math.max(0, this.#held.length - END.length + 1)
      this.reasoning += this.#held.slice(0, safe)
      this.#held = this.#held.slice(safe)
      return
    }
    this.reasoning += this.#held.slice(0, end)
    const rest = this.#held.slice(end + END.length)
    this.#held = ''
    this.#place = 'between'
    this.#read(rest)
  }
}

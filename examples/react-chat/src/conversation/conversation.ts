import type OpenAI from 'openai'
import { explain, type Failure } from '../explain.ts'

export type AnswerState = 'streaming' | 'complete' | 'incomplete' | 'stopped'

export interface Answer {
  readonly id: string
  readonly state: AnswerState
  readonly text: string
  /** Why the answer is incomplete; what arrived before stays in `text`. */
  readonly failure?: Failure
  /** The model reached its limit of tokens and ended in good order. */
  readonly cut?: boolean
  /** Events with text for each second between the first and the last of them; a model sends about one for each token. */
  readonly tokensPerSecond?: number
  /** The answer as `fetch` gave it, read to its end: by it the receipt is found. */
  readonly response?: Response
}

export interface Turn {
  readonly id: string
  readonly question: string
  /** Attempts at an answer, oldest first. A new attempt never removes text that was already shown. */
  readonly answers: readonly Answer[]
}

/** Which of the branches that begin at a turn is shown. */
export interface Branches {
  /** From 0 on. */
  readonly at: number
  readonly count: number
}

export interface Model {
  readonly openai: OpenAI
  readonly name: string
}

type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam

const INSTRUCTION = 'You are a helpful assistant. Answer clearly and briefly.'

/** Tokens can arrive faster than a screen shows them: about one redraw a frame. A timer, because a hidden page has no frames. */
const REDRAW_MS = 16

/**
 * One conversation, held in memory and nowhere else: it is gone with the page.
 *
 * Free of React, so that what it promises (order, stopping, what a broken answer looks like) is told without a screen.
 */
export class Conversation {
  #turns: readonly Turn[] = []
  /** What continues a turn in more than one way, by its id; '' stands for the beginning. `paths[at]` is shown, and current in `#turns`. */
  #forks = new Map<string, { readonly paths: readonly (readonly Turn[])[]; readonly at: number }>()
  #listeners = new Set<() => void>()
  #running: AbortController | undefined
  #redraw: ReturnType<typeof setTimeout> | undefined
  #count = 0

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly turns = (): readonly Turn[] => this.#turns

  get busy(): boolean {
    return this.#running !== undefined
  }

  /** Asks a new question. Resolves when its answer ended, in whatever state; never rejects. */
  async ask(question: string, model: Model): Promise<void> {
    if (this.busy) return
    const turn: Turn = { id: this.#id('turn'), question, answers: [] }
    this.#turns = [...this.#turns, turn]
    await this.#answer(turn.id, model)
  }

  /** Asks the last question once more; an attempt that showed no text is replaced by the new one. */
  async again(model: Model): Promise<void> {
    const turn = this.#turns.at(-1)
    if (this.busy || turn === undefined) return
    this.#change(turn.id, (answers) => answers.filter((answer) => answer.text !== ''))
    await this.#answer(turn.id, model)
  }

  /** Asks `question` in the place of an earlier one. What followed the earlier one stays, as a branch of its own. */
  async edit(turnId: string, question: string, model: Model): Promise<void> {
    const place = this.#placeOf(turnId)
    if (this.busy || !place) return
    const { before, key, rest } = place
    const { paths, at } = this.#forks.get(key) ?? { paths: [rest], at: 0 }
    this.#forks.set(key, { paths: [...paths.with(at, rest), []], at: paths.length })
    this.#turns = before
    await this.ask(question, model)
  }

  /** The branches that begin at a turn; one where its question was never edited. */
  branches(turnId: string): Branches {
    const fork = this.#forks.get(this.#placeOf(turnId)?.key ?? turnId)
    return { at: fork?.at ?? 0, count: fork?.paths.length ?? 1 }
  }

  /** Shows the branch with this number in the place of the one that begins at the turn. */
  show(turnId: string, branch: number): void {
    const place = this.#placeOf(turnId)
    const fork = place && this.#forks.get(place.key)
    const path = fork?.paths[branch]
    if (this.busy || !fork || !path) return
    this.#forks.set(place.key, { paths: fork.paths.with(fork.at, place.rest), at: branch })
    this.#turns = [...place.before, ...path]
    this.#notify()
  }

  #placeOf(turnId: string): { before: readonly Turn[]; key: string; rest: readonly Turn[] } | undefined {
    const index = this.#turns.findIndex(({ id }) => id === turnId)
    if (index < 0) return undefined
    const before = this.#turns.slice(0, index)
    return { before, key: before.at(-1)?.id ?? '', rest: this.#turns.slice(index) }
  }

  /** Stops the answer under way. The abort travels through the channel, so that the model stops too. */
  stop(): void {
    this.#running?.abort()
  }

  clear(): void {
    this.stop()
    this.#running = undefined
    this.#turns = []
    this.#forks.clear()
    this.#notify()
  }

  async #answer(turnId: string, model: Model): Promise<void> {
    const controller = new AbortController()
    this.#running = controller
    const messages = history(this.#turns, turnId)
    const answerId = this.#id('answer')
    this.#change(turnId, (answers) => [...answers, { id: answerId, state: 'streaming', text: '' }])

    let text = ''
    let finish: string | null = null
    const arrivals = { count: 0, firstMs: 0, lastMs: 0 }
    let response: Response | undefined
    const end = (outcome: Omit<Answer, 'id' | 'text'>): void => {
      if (this.#running === controller) this.#running = undefined
      this.#put(turnId, { id: answerId, text, ...outcome })
    }
    try {
      const asked = model.openai.chat.completions.create(
        { model: model.name, messages, stream: true },
        { signal: controller.signal },
      )
      const { data: stream, response: answer } = await asked.withResponse()
      response = answer
      for await (const chunk of stream) {
        const choice = chunk.choices[0]
        finish = choice?.finish_reason ?? finish
        const delta = choice?.delta.content
        if (!delta) continue
        text += delta
        arrivals.lastMs = performance.now()
        if (arrivals.count === 0) arrivals.firstMs = arrivals.lastMs
        arrivals.count += 1
        this.#putSoon(turnId, () => ({ id: answerId, state: 'streaming', text }))
      }
    } catch (error) {
      end(controller.signal.aborted ? { state: 'stopped' } : { state: 'incomplete', failure: explain(error) })
      return
    }
    // `openai` ends the loop quietly after an abort, and takes the end of the stream for the end of the answer.
    if (controller.signal.aborted) end({ state: 'stopped' })
    else if (finish === null) end({ state: 'incomplete', failure: explain(UNFINISHED) })
    else
      end({
        state: 'complete',
        ...speedOf(arrivals),
        ...(response && { response }),
        ...(finish === 'length' && { cut: true }),
      })
  }

  #id(kind: string): string {
    this.#count += 1
    return `${kind}-${this.#count}`
  }

  #change(turnId: string, edit: (answers: readonly Answer[]) => readonly Answer[]): void {
    this.#turns = this.#turns.map((turn) => (turn.id === turnId ? { ...turn, answers: edit(turn.answers) } : turn))
    this.#notify()
  }

  #put(turnId: string, answer: Answer): void {
    clearTimeout(this.#redraw)
    this.#redraw = undefined
    this.#change(turnId, (answers) => answers.map((each) => (each.id === answer.id ? answer : each)))
  }

  #putSoon(turnId: string, answer: () => Answer): void {
    this.#redraw ??= setTimeout(() => this.#put(turnId, answer()), REDRAW_MS)
  }

  #notify(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Nothing for an answer that came at once: there is no time between its events. */
export function speedOf(arrivals: {
  readonly count: number
  readonly firstMs: number
  readonly lastMs: number
}): Pick<Answer, 'tokensPerSecond'> {
  const { count, firstMs, lastMs } = arrivals
  return count < 2 || lastMs <= firstMs ? {} : { tokensPerSecond: ((count - 1) * 1000) / (lastMs - firstMs) }
}

/** The channel vouched for every byte and for the end, yet the model server never said that the answer was whole. */
export const UNFINISHED: Error & { code: string } = Object.assign(
  new Error('The model server ended the stream without a finish reason.'),
  { code: 'answer.unfinished' },
)

/** Earlier turns that have an answer worth repeating, then the question. A broken answer is not handed to the model as its own words. */
function history(turns: readonly Turn[], turnId: string): Message[] {
  const messages: Message[] = [{ role: 'system', content: INSTRUCTION }]
  for (const turn of turns) {
    if (turn.id === turnId) {
      messages.push({ role: 'user', content: turn.question })
      break
    }
    const answer = turn.answers.findLast(({ state, text }) => state !== 'incomplete' && text !== '')
    if (answer === undefined) continue
    messages.push({ role: 'user', content: turn.question }, { role: 'assistant', content: answer.text })
  }
  return messages
}

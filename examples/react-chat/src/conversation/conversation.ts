import type OpenAI from 'openai'
import type { Attachment } from '../attachments/attachment.ts'
import { explain } from '../explain.ts'
import type { Settings } from '../settings/settings.ts'
import { AnswerText } from './answer-text.ts'
import { messagesFor } from './messages.ts'
import type { Answer, Branches, ConversationData, Turn } from './turns.ts'

export interface Model {
  /** The client over the verified channel; its package is loaded with the first question. */
  readonly openai: () => Promise<OpenAI>
  readonly name: string
  readonly settings: Pick<Settings, 'instructions' | 'temperature' | 'maxTokens'>
}

/** What a person asks. */
export interface Question {
  readonly text: string
  readonly attachments?: readonly Attachment[]
}

/** Tokens can arrive faster than a screen shows them: about one redraw a frame. A timer, because a hidden page has no frames. */
const REDRAW_MS = 16

/**
 * One conversation, held in memory: it is gone with the page, unless the history stores what {@link Conversation.data} gives.
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

  /** @param data an earlier conversation, to be continued */
  constructor(data?: ConversationData) {
    this.#turns = data?.turns ?? []
    for (const { key, paths, at } of data?.forks ?? []) this.#forks.set(key, { paths, at })
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly turns = (): readonly Turn[] => this.#turns

  get busy(): boolean {
    return this.#running !== undefined
  }

  /** Everything said so far, with the branches that are not shown; without the responses, which no storage takes. */
  get data(): ConversationData {
    const forks = [...this.#forks].map(([key, { paths, at }]) => ({ key, paths: paths.map(stored), at }))
    return { turns: stored(this.#turns), forks }
  }

  /** Asks a new question. Resolves when its answer ended, in whatever state; never rejects. */
  async ask({ text, attachments = [] }: Question, model: Model): Promise<void> {
    if (this.busy) return
    const sent = attachments.length > 0 ? { attachments } : {}
    const turn: Turn = { id: newId(), question: text, ...sent, answers: [] }
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

  /** Asks `text` in the place of an earlier question, with the same attachments. What followed the earlier one stays, as a branch of its own. */
  async edit(turnId: string, text: string, model: Model): Promise<void> {
    const place = this.#placeOf(turnId)
    if (this.busy || !place) return
    const { before, key, rest } = place
    const { attachments } = rest[0] ?? {}
    const { paths, at } = this.#forks.get(key) ?? { paths: [rest], at: 0 }
    this.#forks.set(key, { paths: [...paths.with(at, rest), []], at: paths.length })
    this.#turns = before
    await this.ask({ text, ...(attachments && { attachments }) }, model)
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

  async #answer(turnId: string, model: Model): Promise<void> {
    const controller = new AbortController()
    this.#running = controller
    const { settings } = model
    const messages = messagesFor(this.#turns, turnId, settings.instructions)
    const answerId = newId()
    this.#change(turnId, (answers) => [...answers, { id: answerId, state: 'streaming', text: '' }])

    const said = new AnswerText()
    let finish: string | null = null
    const arrivals = { count: 0, firstMs: 0, lastMs: 0 }
    let response: Response | undefined
    const content = (): Pick<Answer, 'id' | 'text' | 'reasoning'> => ({
      id: answerId,
      text: said.text,
      ...(said.reasoning !== '' && { reasoning: said.reasoning }),
    })
    const end = (outcome: Omit<Answer, 'id' | 'text'>): void => {
      if (this.#running === controller) this.#running = undefined
      said.end()
      this.#put(turnId, { ...content(), ...outcome })
    }
    try {
      const openai = await model.openai()
      controller.signal.throwIfAborted()
      const asked = openai.chat.completions.create(
        {
          model: model.name,
          messages,
          stream: true,
          ...(settings.temperature !== undefined && { temperature: settings.temperature }),
          ...(settings.maxTokens !== undefined && { max_tokens: settings.maxTokens }),
        },
        { signal: controller.signal },
      )
      const { data: stream, response: answer } = await asked.withResponse()
      response = answer
      for await (const chunk of stream) {
        const choice = chunk.choices[0]
        finish = choice?.finish_reason ?? finish
        if (!choice || !said.take(choice.delta)) continue
        arrivals.lastMs = performance.now()
        if (arrivals.count === 0) arrivals.firstMs = arrivals.lastMs
        arrivals.count += 1
        this.#putSoon(turnId, () => ({ ...content(), state: 'streaming' }))
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

/** Unique among all conversations, so that imported ones can be continued. */
function newId(): string {
  return crypto.randomUUID()
}

function stored(turns: readonly Turn[]): readonly Turn[] {
  return turns.map(({ answers, ...turn }) => Object.assign(turn, { answers: answers.map(withoutResponse) }))
}

function withoutResponse(answer: Answer): Answer {
  const copy: { -readonly [Member in keyof Answer]: Answer[Member] } = { ...answer }
  delete copy.response
  return copy
}

import type { Attachment } from '../attachments/attachment.ts'
import type { Failure } from '../explain.ts'

export type AnswerState = 'streaming' | 'complete' | 'incomplete' | 'stopped'

export interface Answer {
  readonly id: string
  readonly state: AnswerState
  readonly text: string
  /** What the model wrote before its answer, where it marks that as reasoning. */
  readonly reasoning?: string
  /** Why the answer is incomplete; what arrived before stays in `text`. */
  readonly failure?: Failure
  /** The model reached its limit of tokens and ended in good order. */
  readonly cut?: boolean
  /** Events with text for each second between the first and the last of them; a model sends about one for each token. */
  readonly tokensPerSecond?: number
  /** The answer as `fetch` gave it, read to its end: by it the receipt is found. It is not stored. */
  readonly response?: Response
}

export interface Turn {
  readonly id: string
  readonly question: string
  readonly attachments?: readonly Attachment[]
  /** Attempts at an answer, oldest first. A new attempt never removes text that was already shown. */
  readonly answers: readonly Answer[]
}

/** Which of the branches that begin at a turn is shown. */
export interface Branches {
  /** From 0 on. */
  readonly at: number
  readonly count: number
}

/** What continues a turn in more than one way; `key` is the id of the turn, '' for the beginning. */
export interface Fork {
  readonly key: string
  /** `paths[at]` is shown; its current content is in the turns of the conversation. */
  readonly paths: readonly (readonly Turn[])[]
  readonly at: number
}

/** A whole conversation, as it is stored. */
export interface ConversationData {
  readonly turns: readonly Turn[]
  readonly forks: readonly Fork[]
}

/** Every turn of a conversation, also of branches that are not shown. */
export function everyTurn({ turns, forks }: ConversationData): readonly Turn[] {
  return [...turns, ...forks.flatMap(({ paths, at }) => paths.filter((_, index) => index !== at).flat())]
}

import { Conversation } from '../conversation/conversation.ts'
import { everyTurn } from '../conversation/turns.ts'
import type { StoredConversation } from './read.ts'

/** One of several conversations. */
export interface Entry {
  readonly id: string
  /** The beginning of the first question; '' before there is one. */
  readonly title: string
  readonly updatedAtMs: number
  readonly conversation: Conversation
}

/** Longest title, in UTF-16 code units. */
const LONGEST_TITLE = 80

export function newEntry(stored?: StoredConversation, id: string = crypto.randomUUID()): Entry {
  const conversation = new Conversation(stored)
  return { id, title: stored?.title ?? '', updatedAtMs: stored?.updatedAtMs ?? Date.now(), conversation }
}

export function titleOf(conversation: Conversation): string {
  const [first] = conversation.turns()
  const text = first?.question.trim() || (first?.attachments?.[0]?.name ?? '')
  const line = text.slice(0, 4 * LONGEST_TITLE).replaceAll(/\s+/g, ' ')
  return line.length > LONGEST_TITLE ? `${line.slice(0, LONGEST_TITLE - 1)}…` : line
}

export function storedOf({ title, updatedAtMs, conversation }: Entry): StoredConversation {
  return { title, updatedAtMs, ...conversation.data }
}

/** Whether all words of `query` occur in the conversation, in questions, answers or names of attachments, whatever their case. */
export function matches({ title, conversation }: Entry, query: string): boolean {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0) return true
  const turns = everyTurn(conversation.data)
  const said = turns.flatMap(({ question, answers }) => [question].concat(answers.map(({ text }) => text)))
  const names = turns.flatMap(({ attachments = [] }) => attachments.map(({ name }) => name))
  const all = [title, ...said, ...names].join('\n').toLocaleLowerCase()
  return words.every((word) => all.includes(word))
}

import type { Attachment } from '../attachments/attachment.ts'
import type { Answer, AnswerState, ConversationData, Fork, Turn } from '../conversation/turns.ts'
import { failureOf } from '../explain.ts'

/** A conversation as the history has it. */
export interface StoredConversation extends ConversationData {
  readonly title: string
  readonly updatedAtMs: number
}

/** What is wrong with a value, with its place: `conversations[0].turns[2].question must be text`. */
export class UnreadableHistory extends Error {
  override readonly name = 'UnreadableHistory'
}

const MOST = 10_000
const IMAGE = /^data:image\/(?:png|jpeg|webp|gif);base64,[A-Za-z0-9+/]+={0,2}$/

type Members = Readonly<Record<string, unknown>>

/** @throws {UnreadableHistory} with the place of the first value that is of another kind than expected */
export function readConversation(value: unknown, at: string): StoredConversation {
  const { title, updatedAtMs, turns, forks } = members(value, at)
  return {
    title: text(title, `${at}.title`),
    updatedAtMs: number(updatedAtMs, `${at}.updatedAtMs`),
    turns: list(turns, `${at}.turns`, readTurn),
    forks: list(forks, `${at}.forks`, readFork),
  }
}

function readFork(value: unknown, at: string): Fork {
  const { key, paths, at: shown } = members(value, at)
  const read = list(paths, `${at}.paths`, (path, place) => list(path, place, readTurn))
  const index = number(shown, `${at}.at`)
  if (!Number.isInteger(index) || index < 0 || index >= read.length) fail(`${at}.at`, 'the number of one of its paths')
  return { key: text(key, `${at}.key`), paths: read, at: index }
}

function readTurn(value: unknown, at: string): Turn {
  const { id, question, attachments, answers } = members(value, at)
  return {
    id: text(id, `${at}.id`),
    question: text(question, `${at}.question`),
    ...(attachments !== undefined && { attachments: list(attachments, `${at}.attachments`, readAttachment) }),
    answers: list(answers, `${at}.answers`, readAnswer),
  }
}

function readAttachment(value: unknown, at: string): Attachment {
  const { id, kind, name, text: content, dataUrl, pages } = members(value, at)
  const common = { id: text(id, `${at}.id`), name: text(name, `${at}.name`) }
  if (kind === 'text')
    return {
      ...common,
      kind,
      text: text(content, `${at}.text`),
      ...(pages !== undefined && { pages: number(pages, `${at}.pages`) }),
    }
  if (kind !== 'image') fail(`${at}.kind`, '"text" or "image"')
  // An address of another kind would be fetched when the image is shown.
  if (typeof dataUrl !== 'string' || !IMAGE.test(dataUrl))
    fail(`${at}.dataUrl`, 'a data URL of a PNG, JPEG, WebP or GIF')
  return { ...common, kind: 'image', dataUrl: dataUrl as string }
}

const STATES: ReadonlySet<unknown> = new Set<AnswerState>(['streaming', 'complete', 'incomplete', 'stopped'])

function readAnswer(value: unknown, at: string): Answer {
  const { id, state, text: said, reasoning, failure, cut, tokensPerSecond } = members(value, at)
  if (!STATES.has(state)) fail(`${at}.state`, '"complete", "incomplete" or "stopped"')
  const common = { id: text(id, `${at}.id`), text: text(said, `${at}.text`) }
  const thought = reasoning === undefined ? {} : { reasoning: text(reasoning, `${at}.reasoning`) }
  if (state === 'streaming') return { ...common, ...thought, state: 'incomplete', failure: failureOf('page.closed') }
  return {
    ...common,
    ...thought,
    state: state as AnswerState,
    ...(failure !== undefined && { failure: readFailure(failure, `${at}.failure`) }),
    ...(cut === true && { cut }),
    ...(typeof tokensPerSecond === 'number' && { tokensPerSecond }),
  }
}

/** The sentence is that of this page for the code: a file cannot make the page say something else. */
function readFailure(value: unknown, at: string): NonNullable<Answer['failure']> {
  const { code, said } = members(value, at)
  return { ...failureOf(text(code, `${at}.code`)), ...(said !== undefined && { said: text(said, `${at}.said`) }) }
}

function fail(at: string, expected: string): never {
  throw new UnreadableHistory(`${at} must be ${expected}`)
}

function members(value: unknown, at: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(at, 'an object')
  return value as Members
}

function text(value: unknown, at: string): string {
  if (typeof value !== 'string') fail(at, 'text')
  return value as string
}

function number(value: unknown, at: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) fail(at, 'a number')
  return value as number
}

export function list<Item>(value: unknown, at: string, read: (item: unknown, at: string) => Item): readonly Item[] {
  if (!Array.isArray(value) || value.length > MOST) fail(at, `a list of at most ${MOST} entries`)
  return (value as unknown[]).map((item, index) => read(item, `${at}[${index}]`))
}

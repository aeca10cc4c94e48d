import type { Turn } from '../conversation/turns.ts'
import { list, readConversation, UnreadableHistory, type StoredConversation } from './read.ts'

const FORMAT = 'blindllama-chat-history'
const VERSION = 1
/** Longest file that is read, in bytes. */
const LONGEST = 200_000_000

/** Every conversation as JSON, not encrypted: the file is for the person, and for other programs. */
export function historyFile(conversations: readonly StoredConversation[]): Blob {
  return new Blob([JSON.stringify({ format: FORMAT, version: VERSION, conversations })], { type: 'application/json' })
}

/**
 * Reads what {@link historyFile} wrote. Conversations get identities of their own: a file that is imported twice is there twice, and
 * replaces nothing.
 *
 * @throws {UnreadableHistory} with a sentence for the person; nothing of the file is imported then
 */
export async function readHistoryFile(file: Blob): Promise<readonly StoredConversation[]> {
  if (file.size > LONGEST)
    throw new UnreadableHistory(
      `The file has ${file.size.toLocaleString('en')} bytes, and at most 200,000,000 are read. Nothing was imported.`,
    )
  let value: unknown
  try {
    value = JSON.parse(await file.text())
  } catch {
    throw new UnreadableHistory(
      'The file is not JSON. Choose a file that “Export” of this page has written. Nothing was imported.',
    )
  }
  const { format, version, conversations } = (value ?? {}) as Record<string, unknown>
  if (format !== FORMAT)
    throw new UnreadableHistory(
      'The file is no history of this chat. Choose a file that “Export” of this page has written. Nothing was imported.',
    )
  if (version !== VERSION)
    throw new UnreadableHistory(
      `The file has version ${JSON.stringify(version).slice(0, 20)}, and this page reads version ${VERSION}. Reload the page to get its newest version. Nothing was imported.`,
    )
  try {
    return list(conversations, 'conversations', readConversation).map(renewed)
  } catch (error) {
    if (!(error instanceof UnreadableHistory)) throw error
    throw new UnreadableHistory(`The file is damaged: ${error.message}. Nothing was imported.`)
  }
}

/** The same conversation with new ids. */
function renewed({ turns, forks, ...rest }: StoredConversation): StoredConversation {
  const ids = new Map<string, string>([['', '']])
  const idOf = (old: string): string => {
    const known = ids.get(old)
    if (known !== undefined) return known
    const made = crypto.randomUUID()
    ids.set(old, made)
    return made
  }
  const turnsOf = (all: readonly Turn[]): readonly Turn[] =>
    all.map((turn) => ({
      ...turn,
      id: idOf(turn.id),
      answers: turn.answers.map((answer) => ({ ...answer, id: crypto.randomUUID() })),
    }))
  return {
    ...rest,
    turns: turnsOf(turns),
    forks: forks.map(({ key, paths, at }) => ({ key: idOf(key), paths: paths.map(turnsOf), at })),
  }
}

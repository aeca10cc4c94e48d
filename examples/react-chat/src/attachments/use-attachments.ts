import { useCallback, useState } from 'react'
import { LIMITS, sizeOf, type Attachment } from './attachment.ts'
import { readFile } from './read-file.ts'
import { AttachmentRefused } from './refused.ts'

export interface Attachments {
  readonly list: readonly Attachment[]
  /** Whether a file is being read. */
  readonly reading: boolean
  /** Why something was not attached. */
  readonly problem: string | undefined
  readonly addFiles: (files: readonly File[]) => Promise<void>
  /** Attaches a text that is too long for a field. */
  readonly addText: (text: string) => void
  readonly remove: (id: string) => void
  readonly clear: () => void
}

/** What is attached to the question that is being written. */
export function useAttachments(takesImages: () => Promise<boolean>): Attachments {
  const [list, setList] = useState<readonly Attachment[]>([])
  const [pending, setPending] = useState(0)
  const [problem, setProblem] = useState<string>()

  const add = useCallback((attachment: Attachment): void => {
    setList((before) => {
      const refused = refusal(before, attachment)
      if (refused === undefined) return [...before, attachment]
      setProblem(refused)
      return before
    })
  }, [])
  const addFiles = useCallback(
    async (files: readonly File[]): Promise<void> => {
      setProblem(undefined)
      setPending((count) => count + 1)
      // One after the other: each may take as much memory as the limits allow.
      for (const file of files.slice(0, LIMITS.count + 1)) {
        try {
          add(await readFile(file, takesImages))
        } catch (error) {
          setProblem(
            error instanceof AttachmentRefused
              ? error.message
              : `${file.name}: a part of this page could not be loaded. Check the network, or reload the page.`,
          )
        }
      }
      setPending((count) => count - 1)
    },
    [add, takesImages],
  )
  const addText = useCallback(
    (text: string): void => {
      setProblem(undefined)
      if (text.length > LIMITS.text) {
        const format = new Intl.NumberFormat('en')
        setProblem(
          `The text has ${format.format(text.length)} characters, and at most ${format.format(LIMITS.text)} are sent. It was not attached.`,
        )
        return
      }
      add({ id: crypto.randomUUID(), kind: 'text', name: 'Pasted text', text })
    },
    [add],
  )
  return {
    list,
    reading: pending > 0,
    problem,
    addFiles,
    addText,
    remove: (id) => {
      setProblem(undefined)
      setList((before) => before.filter((each) => each.id !== id))
    },
    clear: () => {
      setProblem(undefined)
      setList([])
    },
  }
}

/** Why one more attachment is too many, in a sentence; `undefined` where it is not. */
export function refusal(before: readonly Attachment[], added: Attachment): string | undefined {
  if (before.length >= LIMITS.count)
    return `At most ${LIMITS.count} files are sent with a question. ${added.name} was not attached.`
  const size = [...before, added].reduce((sum, each) => sum + sizeOf(each), 0)
  const format = new Intl.NumberFormat('en')
  if (size > LIMITS.together)
    return `The attachments would have ${format.format(size)} characters together, and at most ${format.format(LIMITS.together)} are sent. ${added.name} was not attached.`
  return undefined
}

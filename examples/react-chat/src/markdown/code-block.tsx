import { useEffect, useState, type ReactElement, type ReactNode } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'
import { loadPart, once } from '../ui/load-part.ts'

const load = once(async () => loadPart(async () => import('./colours.tsx')))

/** Ends with the colours of the block before. */
let last: Promise<unknown> = Promise.resolve()

/** Completes in a task of its own for each block, so that the page answers between two of many blocks. */
async function turn(): Promise<void> {
  last = last.then(async () => new Promise((resolve) => setTimeout(resolve)))
  await last
}

interface CodeBlockProps {
  readonly text: string
  /** The word behind the marks that open the block. */
  readonly language: string
  readonly settled: boolean
}

/** Code as the model wrote it, coloured once it is complete. */
export function CodeBlock({ text, language, settled }: CodeBlockProps): ReactElement {
  const [coloured, setColoured] = useState<{ readonly of: string; readonly content: ReactNode }>()
  const [name = ''] = language.split(/\s/, 1)
  useEffect(() => {
    if (!settled || name === '') return undefined
    let left = false
    const colour = async (): Promise<void> => {
      try {
        const { coloursOf } = await load()
        await turn()
        if (!left) setColoured({ of: text, content: coloursOf(text, name) })
      } catch {
        // Code without colours is complete.
      }
    }
    void colour()
    return () => void (left = true)
  }, [settled, text, name])
  return (
    <div className="prose-code">
      <div className="prose-code-head">
        <span>{name.slice(0, 30)}</span>
        <CopyButton text={text} label="Copy code" />
      </div>
      <pre tabIndex={0} role="group" aria-label="Code">
        <code>{coloured?.of === text ? coloured.content : text}</code>
      </pre>
    </div>
  )
}

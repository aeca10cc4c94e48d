import { useEffect, useState, type ReactElement, type ReactNode } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'
import { loadPart, once } from '../ui/load-part.ts'

/** Longest code that is coloured, in UTF-16 code units: rules for languages are regular expressions, some of them slow. */
export const LONGEST_COLOURED = 20_000

const load = once(async () => loadPart(async () => import('./colours.tsx')))

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
    if (!settled || name === '' || text.length > LONGEST_COLOURED) return undefined
    let left = false
    load().then(
      ({ coloursOf }) => left || setColoured({ of: text, content: coloursOf(text, name) }),
      // Code without colours is complete.
      () => {},
    )
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

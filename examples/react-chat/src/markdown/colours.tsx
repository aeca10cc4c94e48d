import { common, createLowlight } from 'lowlight'
import { Fragment, type ReactNode } from 'react'

/**
 * Most code of a block that is coloured, in UTF-16 code units. The rules of many languages take time that grows with the square of the
 * length: 20,000 of `function ` take seconds as Arduino.
 */
export const LONGEST_COLOURED = 2000

const lowlight = createLowlight(common)

type Content = ReturnType<typeof lowlight.highlight>['children'][number]

/** The code with a class for each kind of word, up to the last line that begins within the bound; the text itself where the language is unknown. */
export function coloursOf(text: string, language: string): ReactNode {
  if (!lowlight.registered(language)) return text
  const end = text.length <= LONGEST_COLOURED ? text.length : text.lastIndexOf('\n', LONGEST_COLOURED - 1) + 1
  return [...lowlight.highlight(language, text.slice(0, end)).children.map(word), text.slice(end)]
}

function word(content: Content, index: number): ReactNode {
  if (content.type === 'text') return <Fragment key={index}>{content.value}</Fragment>
  if (content.type !== 'element') return null
  const { className } = content.properties
  return (
    <span key={index} className={Array.isArray(className) ? className.join(' ') : ''}>
      {content.children.map(word)}
    </span>
  )
}

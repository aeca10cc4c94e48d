import { common, createLowlight } from 'lowlight'
import { Fragment, type ReactNode } from 'react'

const lowlight = createLowlight(common)

type Content = ReturnType<typeof lowlight.highlight>['children'][number]

/** The code with a class for each kind of word; the text itself where the language is unknown. */
export function coloursOf(text: string, language: string): ReactNode {
  if (!lowlight.registered(language)) return text
  return lowlight.highlight(language, text).children.map(word)
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

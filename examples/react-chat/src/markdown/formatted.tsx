import { Fragment, memo, type ComponentType, type ReactNode } from 'react'
import { CodeBlock } from './code-block.tsx'
import { Formula } from './formula.tsx'
import { OutwardLink } from './outward-link.tsx'
import { treeOf, type MarkdownNode } from './tree.ts'

interface FormattedProps {
  readonly text: string
  /** Whether nothing more comes: what is costly is done once. */
  readonly settled: boolean
}

/** One part of an answer as React elements. Nothing in it is HTML of the model, and nothing in it loads anything. */
export const Formatted: ComponentType<FormattedProps> = memo(({ text, settled }: FormattedProps) => (
  <>{nodes(treeOf(text), settled)}</>
))

function nodes(all: readonly MarkdownNode[], settled: boolean): ReactNode[] {
  return all.map((node, index) => <Fragment key={index}>{element(node, settled)}</Fragment>)
}

/** Elements that stand for themselves. */
const PLAIN: Readonly<
  Record<string, 'blockquote' | 'em' | 'li' | 'p' | 's' | 'strong' | 'tbody' | 'thead' | 'tr' | 'ul'>
> = {
  blockquote: 'blockquote',
  bullet_list: 'ul',
  em: 'em',
  list_item: 'li',
  paragraph: 'p',
  s: 's',
  strong: 'strong',
  tbody: 'tbody',
  thead: 'thead',
  tr: 'tr',
}

function element({ type, token, children }: MarkdownNode, settled: boolean): ReactNode {
  const inner = (): ReactNode[] => nodes(children, settled)
  const Plain = PLAIN[type]
  // The paragraphs of a list without empty lines are not shown as such.
  if (Plain !== undefined) return token.hidden ? inner() : <Plain>{inner()}</Plain>
  switch (type) {
    case 'softbreak':
    case 'hardbreak':
      return <br />
    case 'code_inline':
      return <code>{token.content}</code>
    case 'fence':
    case 'code_block':
      return <CodeBlock text={token.content.replace(/\n$/, '')} language={token.info.trim()} settled={settled} />
    case 'hr':
      return <hr />
    case 'math':
      return <Formula source={token.content} display={token.info === 'display'} />
    case 'heading':
      // Of one level, below the hidden heading of the answer: what a model writes must not break the outline of the page.
      return <h4 data-level={token.tag.slice(1)}>{inner()}</h4>
    case 'ordered_list':
      return <ol start={Number(token.attrGet('start') ?? 1)}>{inner()}</ol>
    case 'table':
      return (
        <div className="prose-table" role="group" aria-label="Table" tabIndex={0}>
          <table>{inner()}</table>
        </div>
      )
    case 'th':
    case 'td': {
      const Cell = type
      const [, align] = /text-align:(\w+)/.exec(String(token.attrGet('style') ?? '')) ?? []
      return <Cell data-align={align}>{inner()}</Cell>
    }
    case 'link':
      return <OutwardLink address={String(token.attrGet('href') ?? '')}>{inner()}</OutwardLink>
    case 'image':
      return (
        <OutwardLink address={String(token.attrGet('src') ?? '')}>
          Image{token.content !== '' && `: ${token.content}`} (not loaded)
        </OutwardLink>
      )
    default:
      return token.content
  }
}

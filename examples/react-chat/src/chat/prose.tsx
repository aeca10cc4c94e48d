import { Fragment, type ReactElement, type ReactNode } from 'react'
import { CopyButton } from '../ui/copy-button.tsx'

/**
 * The little Markdown that chat models write, as React elements: paragraphs, lists, headings, code, emphasis.
 *
 * Links and images stay text on purpose. A model's answer must not be able to make the browser fetch an address, since the
 * address could carry the conversation away.
 */
export function Prose({ text }: { readonly text: string }): ReactElement {
  return <>{blocks(text).map(render)}</>
}

type Block =
  | { readonly kind: 'paragraph' | 'heading'; readonly text: string }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly start: number; readonly items: readonly string[] }
  | { readonly kind: 'code'; readonly text: string }

const FENCE = /^\s*(```|~~~)/
const ITEM = /^\s*(?:[-*•]|(\d{1,9})[.)])\s+(.*)$/
const HEADING = /^#{1,6}\s+(.*)$/

export function blocks(text: string): Block[] {
  const found: Block[] = []
  const lines = text.split('\n')
  let at = 0
  while (at < lines.length) {
    const line = lines[at] ?? ''
    const item = ITEM.exec(line)
    const heading = HEADING.exec(line)
    if (FENCE.test(line)) {
      const end = lines.findIndex((each, index) => index > at && FENCE.test(each))
      const last = end === -1 ? lines.length : end
      found.push({ kind: 'code', text: lines.slice(at + 1, last).join('\n') })
      at = last + 1
    } else if (item) {
      const ordered = item[1] !== undefined
      const items: string[] = []
      for (; at < lines.length; at += 1) {
        const next = ITEM.exec(lines[at] ?? '')
        if (!next || (next[1] !== undefined) !== ordered) break
        items.push(next[2] ?? '')
      }
      found.push({ kind: 'list', ordered, start: Number(item[1] ?? 1), items })
    } else if (heading) {
      found.push({ kind: 'heading', text: heading[1] ?? '' })
      at += 1
    } else if (line.trim() === '') {
      at += 1
    } else {
      const from = at
      while (at < lines.length && isText(lines[at] ?? '')) at += 1
      found.push({ kind: 'paragraph', text: lines.slice(from, at).join('\n') })
    }
  }
  return found
}

function isText(line: string): boolean {
  return line.trim() !== '' && !FENCE.test(line) && !ITEM.test(line) && !HEADING.test(line)
}

function render(block: Block, index: number): ReactElement {
  switch (block.kind) {
    case 'paragraph':
      return <p key={index}>{inline(block.text)}</p>
    case 'heading':
      return (
        <p key={index} className="prose-heading">
          {inline(block.text)}
        </p>
      )
    case 'code':
      return (
        <div key={index} className="prose-code">
          <pre tabIndex={0} role="region" aria-label="Code">
            <code>{block.text}</code>
          </pre>
          <CopyButton text={block.text} label="Copy code" />
        </div>
      )
    case 'list': {
      const items = block.items.map((item, at) => <li key={at}>{inline(item)}</li>)
      return block.ordered ? (
        <ol key={index} start={block.start}>
          {items}
        </ol>
      ) : (
        <ul key={index}>{items}</ul>
      )
    }
  }
}

const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*/g

function inline(text: string): ReactNode[] {
  const parts: ReactNode[] = []
  let from = 0
  for (const match of text.matchAll(INLINE)) {
    const [whole, code, strong, emphasis] = match
    parts.push(text.slice(from, match.index))
    if (code !== undefined) parts.push(<code>{code}</code>)
    else if (strong !== undefined) parts.push(<strong>{strong}</strong>)
    else parts.push(<em>{emphasis}</em>)
    from = match.index + whole.length
  }
  parts.push(text.slice(from))
  return parts.map((part, index) => <Fragment key={index}>{part}</Fragment>)
}

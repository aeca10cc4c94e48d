import Reader, { type MarkdownIt, type Token } from 'markdown-it'
import { withMath } from './math-rules.ts'

/** A token of Markdown with what stands inside of it. `type` has no ending `_open`. */
export interface MarkdownNode {
  readonly type: string
  readonly token: Token
  readonly children: readonly MarkdownNode[]
}

/** HTML stays text, and deeper nesting than a person reads is not read. */
const reader: MarkdownIt = withMath(new Reader({ html: false, linkify: true, breaks: true, maxNesting: 20 }))
// Words with a dot in them are no addresses.
reader.linkify.set({ fuzzyLink: false, fuzzyEmail: false })
reader.validateLink = (address) => /^(?:https?:|mailto:)/i.test(address.trim())

/** Reads one part of an answer. What it takes is bounded by the length of the part ({@link Parts}). */
export function treeOf(markdown: string): readonly MarkdownNode[] {
  return nest(reader.parse(markdown, {}))
}

function nest(tokens: readonly Token[]): MarkdownNode[] {
  const root: MarkdownNode[] = []
  const open: MarkdownNode[][] = [root]
  for (const token of tokens) {
    const siblings = open.at(-1) ?? root
    if (token.nesting < 0) {
      open.pop()
      continue
    }
    if (token.type === 'inline') {
      siblings.push(...nest(token.children ?? []))
      continue
    }
    // An image has its description in `children`.
    const children = token.nesting === 0 && token.children ? nest(token.children) : []
    siblings.push({ type: token.type.replace(/_open$/, ''), token, children })
    if (token.nesting > 0) open.push(children)
  }
  return root
}

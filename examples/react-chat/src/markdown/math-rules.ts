import type { MarkdownIt } from 'markdown-it'

type InlineRule = Parameters<MarkdownIt['inline']['ruler']['before']>[2]
type BlockRule = Parameters<MarkdownIt['block']['ruler']['before']>[2]

/** The pairs of marks that models write formulas between. */
const PAIRS = [
  { open: '$$', close: '$$', display: true },
  { open: '\\[', close: '\\]', display: true },
  { open: '\\(', close: '\\)', display: false },
  { open: '$', close: '$', display: false },
] as const

const inline: InlineRule = (state, silent) => {
  const { src, pos, posMax } = state
  const pair = PAIRS.find(({ open }) => src.startsWith(open, pos))
  if (!pair) return false
  const { open, close, display } = pair
  const from = pos + open.length
  const to = src.indexOf(close, from)
  if (to <= from || to + close.length > posMax) return false
  const formula = src.slice(from, to)
  // As Pandoc has it: prices are no formulas.
  if (open === '$' && (/^\s|\s$|\n/.test(formula) || /\d/.test(src[to + 1] ?? ''))) return false
  if (!silent) Object.assign(state.push('math', 'math', 0), { content: formula.trim(), info: display ? 'display' : '' })
  state.pos = to + close.length
  return true
}

/** A formula in lines of its own, in which a sign at the beginning of a line begins no list. */
const block: BlockRule = (state, startLine, endLine, silent) => {
  const lineOf = (line: number): string =>
    state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line])
  const pair = PAIRS.slice(0, 2).find(({ open }) => lineOf(startLine).trim() === open)
  if (!pair) return false
  let line = startLine + 1
  while (line < endLine && lineOf(line).trim() !== pair.close) line += 1
  if (line >= endLine) return false
  if (silent) return true
  const content = state.getLines(startLine + 1, line, state.blkIndent, false).trim()
  Object.assign(state.push('math', 'math', 0), { content, info: 'display', map: [startLine, line + 1] })
  state.line = line + 1
  return true
}

/** Lets a reader of Markdown find formulas: tokens of the type `math`, with `info` `display` for those that stand alone. */
export function withMath(markdown: MarkdownIt): MarkdownIt {
  markdown.inline.ruler.before('escape', 'math', inline)
  markdown.block.ruler.before('fence', 'math', block, { alt: ['paragraph', 'blockquote', 'list'] })
  return markdown
}

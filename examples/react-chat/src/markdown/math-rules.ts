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

/** What a search for a closing mark found: from each place between `from` and `to`, the next one is at `to`. */
interface Found {
  readonly from: number
  readonly to: number
}

/** For each text that is being read, by the mark: many opening marks before one closing mark, or none, cost one search. */
const searches = new WeakMap<object, Map<string, Found>>()

/** @returns the place of the next `close`, `Infinity` where none follows */
function nextClose(state: Parameters<InlineRule>[0], close: string, from: number): number {
  const known = remembered(searches, state)
  const found = known.get(close)
  if (found && from >= found.from && from <= found.to) return found.to
  const at = state.src.indexOf(close, from)
  const to = at < 0 ? Infinity : at
  known.set(close, { from, to })
  return to
}

function remembered<Value>(all: WeakMap<object, Map<string, Value>>, state: object): Map<string, Value> {
  const known = all.get(state) ?? new Map<string, Value>()
  all.set(state, known)
  return known
}

const inline: InlineRule = (state, silent) => {
  const { src, pos, posMax } = state
  const pair = PAIRS.find(({ open }) => src.startsWith(open, pos))
  if (!pair) return false
  const { open, close, display } = pair
  const from = pos + open.length
  const to = nextClose(state, close, from)
  if (to <= from || to + close.length > posMax) return false
  const formula = src.slice(from, to)
  // As Pandoc has it: prices are no formulas.
  if (open === '$' && (/^\s|\s$|\n/.test(formula) || /\d/.test(src[to + 1] ?? ''))) return false
  if (!silent) Object.assign(state.push('math', 'math', 0), { content: formula.trim(), info: display ? 'display' : '' })
  state.pos = to + close.length
  return true
}

/** For each text that is being read, by mark and block: the first line after which no closing mark follows. */
const misses = new WeakMap<object, Map<string, number>>()

/** A formula in lines of its own, in which a sign at the beginning of a line begins no list. */
const block: BlockRule = (state, startLine, endLine, silent) => {
  const lineOf = (line: number): string =>
    state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line])
  const pair = PAIRS.slice(0, 2).find(({ open }) => lineOf(startLine).trim() === open)
  if (!pair) return false
  const known = remembered(misses, state)
  // A quote in which this rule runs has an end, and beginnings of lines, of its own.
  const place = `${pair.close} ${state.parentType} ${state.level} ${endLine}`
  if (startLine >= (known.get(place) ?? Infinity)) return false
  let line = startLine + 1
  while (line < endLine && lineOf(line).trim() !== pair.close) line += 1
  if (line >= endLine) {
    known.set(place, startLine)
    return false
  }
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

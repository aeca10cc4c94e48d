/** A function in Rust source, by offsets. */
export interface RustFunction {
  /** Of its first modifier or of `fn`. */
  readonly start: number
  /** Of the brace that opens the body. */
  readonly open: number
  /** Of the brace that closes the body. */
  readonly close: number
  /** From `start` to `open`, comments and literals blanked. */
  readonly signature: string
}

const literal =
  /\/\/[^\n]*|\/\*|\b(?:br|cr|r)(#*)"|(?:\b[bc])?"(?:\\[^]|[^"\\])*"|(?:\bb)?'(?:\\(?:u\{[^}]*\}|x[0-9a-fA-F]{2}|[^])|[^'\\\n])'/g

/** The source with comments, strings and characters blanked to spaces of the same length, so that braces can be counted. */
export function withoutLiterals(source: string): string {
  let out = ''
  let at = 0
  literal.lastIndex = 0
  for (let match = literal.exec(source); match !== null; match = literal.exec(source)) {
    const end = literalEnd(source, match)
    out += source.slice(at, match.index) + source.slice(match.index, end).replace(/[^\n]/g, ' ')
    at = end
    literal.lastIndex = end
  }
  return out + source.slice(at)
}

function literalEnd(source: string, match: RegExpExecArray): number {
  const begin = match.index + match[0].length
  if (match[0] === '/*') return commentEnd(source, begin)
  if (match[1] === undefined) return begin
  const close = source.indexOf(`"${match[1]}`, begin)
  return close < 0 ? source.length : close + 1 + match[1].length
}

/** Block comments nest. */
function commentEnd(source: string, from: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = from
  let depth = 1
  for (let mark = marks.exec(source); mark !== null; mark = marks.exec(source)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return source.length
}

/** All functions with a body, in the order of their bodies. */
export function functions(source: string): RustFunction[] {
  const text = withoutLiterals(source)
  const heads = text.matchAll(/(?:\bconst\s+|\basync\s+|\bunsafe\s+)*\bfn\s+\w+/g)
  return [...heads].flatMap((head) => {
    const open = bodyOf(text, head.index + head[0].length)
    if (open === undefined) return []
    const close = closing(text, open)
    return close === undefined ? [] : [{ start: head.index, open, close, signature: text.slice(head.index, open) }]
  })
}

/** Where the body begins behind a head; undefined for a declaration. */
function bodyOf(text: string, from: number): number | undefined {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at)
    if ('(['.includes(character)) depth += 1
    else if (')]'.includes(character)) depth -= 1
    else if (depth === 0 && character === '{') return at
    else if (depth === 0 && character === ';') return undefined
  }
  return undefined
}

function closing(text: string, open: number): number | undefined {
  let depth = 0
  for (let at = open; at < text.length; at += 1) {
    const character = text.charAt(at)
    if (character === '{') depth += 1
    else if (character === '}') depth -= 1
    if (depth === 0) return at
  }
  return undefined
}

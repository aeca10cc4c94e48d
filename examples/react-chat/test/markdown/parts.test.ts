import { describe, expect, it } from 'vitest'
import { Parts } from '../../src/markdown/parts.ts'
import { treeOf } from '../../src/markdown/tree.ts'

const paragraph = (word: string): string => `${`${word} `.repeat(500)}\n\n`

/** What is left of the parts once the lines that open a code block again are taken out. */
const rejoined = (parts: readonly string[], opening = ''): string =>
  parts
    .map((part, index) => (index > 0 && opening !== '' && part.startsWith(opening) ? part.slice(opening.length) : part))
    .join('')

describe('the parts of an answer', () => {
  it('end where a paragraph ends, once they are long enough, and lose nothing', () => {
    const text = paragraph('one') + paragraph('two') + paragraph('three')
    const parts = new Parts().update(text)
    expect(parts.map((part) => part.slice(0, 3))).toEqual(['one', 'two', 'thr'])
    expect(parts.join('')).toBe(text)
  })

  it('are the same whether the text comes at once or in pieces, and those before the last never change', () => {
    const text = `${paragraph('one')}- a\n\n- b\n\n${paragraph('two')}\`\`\`js\n${'x\n\n'.repeat(2000)}\`\`\`\n\n${paragraph('three')}`
    const atOnce = new Parts().update(text)
    const growing = new Parts()
    let before: readonly string[] = []
    for (let end = 0; end <= text.length; end += 137) {
      const now = growing.update(text.slice(0, end))
      for (const [index, part] of before.slice(0, -1).entries()) expect(now[index]).toBe(part)
      before = now
    }
    expect(growing.update(text)).toEqual(atOnce)
  })

  it('are cut neither in lists nor in code', () => {
    const list = `${paragraph('one')}${'- item\n\n'.repeat(300)}`
    expect(new Parts().update(list)).toHaveLength(1)
    const code = `~~~\n${'line\n\nline\n'.repeat(1000)}~~~\n`
    expect(new Parts().update(code)).toHaveLength(1)
  })

  it('that are cut in code go on as code', () => {
    const code = `\`\`\`ts\n${'const a = 1\n'.repeat(20_000)}\`\`\`\n`
    const parts = new Parts().update(code)
    expect(parts.length).toBeGreaterThan(3)
    for (const part of parts) expect(treeOf(part).map(({ type }) => type)).toEqual(['fence'])
    expect(rejoined(parts, '```ts\n')).toBe(code)
  })

  it('are never long, also where there is no line and no space, and never split a character', () => {
    const text = '😀'.repeat(100_001)
    const parts = new Parts().update(text)
    expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(16_000)
    expect(parts.join('')).toBe(text)
    for (const part of parts) expect(encodeURIComponent(part), 'throws for half a character').toContain('%F0')
  })

  it('begin anew with another text', () => {
    const parts = new Parts()
    parts.update(paragraph('one') + paragraph('two'))
    expect(parts.update('other')).toEqual(['other'])
  })
})

/** What slow readers of Markdown are known to choke on: marks that open and never close, deep nesting, long lines and tables. */
const ADVERSARIAL: Readonly<Record<string, string>> = {
  emphasis: '**a `b *c - ',
  'emphasis that could close anything': '*a **a ',
  brackets: '[',
  'images in images': '![a](',
  'links in links': '[a](<b',
  quotes: '> > > - ',
  ticks: '`a``b```',
  entities: '&amp;&#x',
  'list items': '- a\n',
  'deep list': '- - - - ',
  tables: '|a|b|\n|-|-|\n',
  backslashes: '\\[\\(',
  'formulas that never close': '\\(\\(',
  'formulas in lines that never close': '\\[\nx\n',
  dollars: '$a $$b',
  addresses: 'https://a.example/(',
  'empty lines': 'a\n\n',
  references: '[a]: b\n',
  fences: '```a\n',
}

/** The least processor time of several, in ms: other work on the machine makes caches cold, and only adds. */
function leastMs(times: number, work: () => void): number {
  return Math.min(
    ...Array.from({ length: times }, () => {
      const before = process.cpuUsage()
      work()
      const { user, system } = process.cpuUsage(before)
      return (user + system) / 1000
    }),
  )
}

/** Reads a text as a screen does while it arrives: each part that is new, and the last one anew with each piece. */
function stream(text: string, pieces: number): void {
  const parts = new Parts()
  let settled = 0
  for (let piece = 1; piece <= pieces; piece += 1) {
    const now = parts.update(text.slice(0, Math.ceil((text.length * piece) / pieces)))
    for (const part of now.slice(settled)) treeOf(part)
    settled = now.length - 1
  }
}

/** Formulas that never close, inside of other marks: not streamed, since a part of them alone shows the square. */
const NESTED: Readonly<Record<string, string>> = {
  'formulas in a list': '- \\[\n',
  'formulas in brackets': '[\\(\\(',
}

describe('one part of adversarial Markdown', () => {
  it.each(Object.entries({ ...ADVERSARIAL, ...NESTED }))('%s: takes time that grows with its length', (_name, unit) => {
    const whole = unit.repeat(Math.ceil(16_000 / unit.length))
    // The last part of an answer is read again with each redraw. Eight times the length: with the square of it, 64 times as long.
    const shortMs = leastMs(5, () => treeOf(whole.slice(0, 2000)))
    expect(leastMs(5, () => treeOf(whole))).toBeLessThan(Math.max(24 * shortMs, 60))
  })
})

describe('a megabyte of adversarial Markdown, streamed', () => {
  it.each(Object.entries(ADVERSARIAL))(
    '%s: takes time that grows with its length',
    (_name, unit) => {
      const mega = unit.repeat(Math.ceil(1_000_000 / unit.length))
      const longMs = leastMs(1, () => stream(mega, 32))
      // What is over within seconds is not slow.
      if (longMs < 4000) return
      // Eight times the length, and pieces of the same size: a reader that grows with the square takes 64 times as long.
      const shortMs = leastMs(5, () => stream(mega.slice(0, 125_000), 4))
      expect(
        Math.min(
          longMs,
          leastMs(3, () => stream(mega, 32)),
        ),
      ).toBeLessThan(24 * shortMs)
    },
    60_000,
  )
})

import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, it } from 'vitest'
import { blocks, Prose } from '../src/chat/prose.tsx'

const html = (text: string): string => renderToStaticMarkup(createElement(Prose, { text }))

function timed(repeats: number): number {
  const started = performance.now()
  html('**a `b *c - '.repeat(repeats))
  return performance.now() - started
}

describe('the Markdown of an answer', () => {
  it('becomes paragraphs, headings, lists and code', () => {
    expect(blocks('# Title\nOne\ntwo\n\n- a\n- b\n\n3. c\n4. d\n```ts\nx < y\n```\nEnd')).toEqual([
      { kind: 'heading', text: 'Title' },
      { kind: 'paragraph', text: 'One\ntwo' },
      { kind: 'list', ordered: false, start: 1, items: ['a', 'b'] },
      { kind: 'list', ordered: true, start: 3, items: ['c', 'd'] },
      { kind: 'code', text: 'x < y' },
      { kind: 'paragraph', text: 'End' },
    ])
  })

  it('shows code whose end has not arrived yet', () => {
    expect(blocks('```\nhalf a li')).toEqual([{ kind: 'code', text: 'half a li' }])
  })

  it('emphasises, and leaves marks alone that close nowhere', () => {
    expect(html('a **b** `c` *d*')).toBe('<p>a <strong>b</strong> <code>c</code> <em>d</em></p>')
    expect(html('2 * 3 * 4 and **open')).toBe('<p>2 * 3 * 4 and **open</p>')
  })

  it('never makes the browser fetch an address or run a script', () => {
    const hostile =
      '<img src=x onerror=alert(1)> ![a](https://evil.example/?q=1) [b](javascript:alert(1)) <script>1</script>'
    expect(html(hostile)).not.toMatch(/<(?!\/?p>)/)
  })

  it('reads a long answer in time that grows with its length', () => {
    // Eight times the length: a reader that grows with the square of it takes 64 times as long. The best times count, since other work
    // on the machine only adds to them; more rounds bring them closer to what the reader itself takes.
    let shortMs = Math.min(...[1, 2, 3, 4, 5].map(() => timed(2500)))
    let longMs = timed(20_000)
    for (let round = 0; round < 20 && longMs >= 24 * shortMs; round += 1) {
      shortMs = Math.min(shortMs, timed(2500))
      longMs = Math.min(longMs, timed(20_000))
    }
    expect(longMs).toBeLessThan(24 * shortMs)
  })
})

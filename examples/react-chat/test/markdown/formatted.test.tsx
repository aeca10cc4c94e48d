// @vitest-environment jsdom
import { cleanup, configure, fireEvent, render, screen, waitFor } from '@testing-library/preact'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { Fragment } from 'react'
import { coloursOf } from '../../src/markdown/colours.tsx'
import { Formatted } from '../../src/markdown/formatted.tsx'
import { AskBeforeLeaving } from '../../src/markdown/outward-link.tsx'
import { Prose } from '../../src/markdown/prose.tsx'

// Bounds a hang: a busy machine takes its time.
configure({ asyncUtilTimeout: 30_000 })
afterEach(cleanup)

const html = (text: string, settled = false): string =>
  render(<Formatted text={text} settled={settled} />).container.innerHTML

describe('the Markdown of an answer', () => {
  it('becomes headings, paragraphs, emphasis and lines', () => {
    expect(html('## Title\nOne\ntwo **b** *i* ~~s~~ `c`\n\n---')).toBe(
      '<h4 data-level="2">Title</h4><p>One<br>two <strong>b</strong> <em>i</em> <s>s</s> <code>c</code></p><hr>',
    )
  })

  it('has nested lists, and keeps the numbers of ordered ones', () => {
    expect(html('3. a\n   - b\n     - c\n4. d')).toBe(
      '<ol start="3"><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d</li></ol>',
    )
  })

  it('has quotes in quotes', () => {
    expect(html('> a\n>> b')).toBe('<blockquote><p>a</p><blockquote><p>b</p></blockquote></blockquote>')
  })

  it('has tables, whose columns are aligned without a style of the model', () => {
    const table = html('| a | b |\n|:-:|--:|\n| 1 | <i>2</i> |')
    expect(table).toContain('<th data-align="center">a</th><th data-align="right">b</th>')
    expect(table).toContain('<td data-align="right">&lt;i&gt;2&lt;/i&gt;</td>')
    expect(table).not.toContain('style')
  })

  it('leaves marks alone that close nowhere', () => {
    expect(html('2 * 3 * 4 and **open, 5 $ or 6 $')).toBe('<p>2 * 3 * 4 and **open, 5 $ or 6 $</p>')
  })

  it('shows code whose end has not arrived yet, with its language', () => {
    const { container } = render(<Formatted text={'```ts\nhalf a li'} settled={false} />)
    expect(container.querySelector('pre code')?.textContent).toBe('half a li')
    expect(container.querySelector('.prose-code-head span')?.textContent).toBe('ts')
  })

  it('colours code that is complete, and never changes its text', async () => {
    const code = 'const a = "<b>" // no'
    const { container } = render(<Formatted text={`\`\`\`js\n${code}\n\`\`\``} settled />)
    await waitFor(() => expect(container.querySelector('.hljs-keyword')?.textContent).toBe('const'))
    expect(container.querySelector('pre')?.textContent).toBe(code)
    expect(html('```nonsense\nx\n```', true)).not.toContain('hljs')
  })

  it('colours the beginning of a long block alone, and in a time that a person does not notice', async () => {
    const code = `int a;\n${'function '.repeat(2200)}`
    const started = performance.now()
    const { container } = render(<Fragment>{coloursOf(code, 'arduino')}</Fragment>)
    expect(performance.now() - started).toBeLessThan(1500)
    expect(container.textContent).toBe(code)
    const coloured = container.querySelectorAll('[class^=hljs]')
    expect(coloured.length).toBeGreaterThan(0)
    const after = document.createRange()
    after.setStartAfter(coloured[coloured.length - 1] as Element)
    after.setEndAfter(container)
    expect(after.toString().length).toBeGreaterThan(code.length - 2000)
  })

  it('colours one block in a task, so that the page answers between two', async () => {
    const { container } = render(<Formatted text={'```js\nconst a = 1\n```\n\n'.repeat(3)} settled />)
    const coloured = (): number => container.querySelectorAll('.hljs-keyword').length
    const tasks: (() => void)[] = []
    vi.stubGlobal('setTimeout', (task: () => void) => tasks.push(task))
    onTestFinished(() => void vi.unstubAllGlobals())
    for (const expected of [0, 1, 2, 3]) {
      await new Promise(setImmediate)
      expect(coloured()).toBe(expected)
      for (const task of tasks.splice(0)) task()
    }
  })

  it.each([
    ['$a^2$', false],
    ['\\(a^2\\)', false],
    ['$$a^2$$', true],
    ['\\[\na^2\n\\]', true],
    ['$$\na\n- b\n$$', true],
  ])('sets %j as MathML', async (text, display) => {
    const { container } = render(<Formatted text={text} settled />)
    await waitFor(() => expect(container.querySelector('math')).not.toBeNull())
    expect(container.querySelector('math')?.getAttribute('display')).toBe(display ? 'block' : null)
    expect(container.querySelector('a, img, script, [style]')).toBeNull()
  })

  it.each(['$\\notacommand{$', '$\\href{https://evil.example}{x}$', '$\\includegraphics{https://evil.example/a.png}$'])(
    'shows the source of %j, and loads and links nothing',
    async (text) => {
      const { container } = render(<Formatted text={text} settled />)
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(container.querySelector('a, img, [href], [src]')).toBeNull()
      expect(container.textContent).toContain(text.slice(1, 6))
    },
  )
})

describe('what a model could make a browser fetch or run', () => {
  const HOSTILE = [
    '<img src=x onerror=alert(1)> <script>1</script>',
    '![a](https://evil.example/?q=1)',
    '[b](javascript:alert(1)) [c](data:text/html,1) [d](vbscript:1)',
    '[e](https://evil.example/ "onclick=1")',
    '<https://evil.example/> https://evil.example/',
    '[f]\n\n[f]: https://evil.example/',
    '| <img src=x> |\n|-|\n| <style>*{}</style> |',
  ]

  it('stays text: there is no element that loads, and no address that a browser looks at', () => {
    for (const text of HOSTILE) {
      const { container } = render(<Formatted text={text} settled />)
      expect(
        container.querySelector('a, img, script, style, link, iframe, object, svg, [href], [src], [style]'),
        text,
      ).toBeNull()
      for (const element of container.querySelectorAll('*'))
        for (const { name } of element.attributes) expect(name, text).not.toMatch(/^on/)
    }
  })

  it('is no link where the address is neither of the web nor of mail', () => {
    expect(html('[b](javascript:alert(1))')).toBe('<p>[b](javascript:alert(1))</p>')
  })
})

// jsdom has no dialogs.
function showModal(this: HTMLDialogElement): void {
  this.open = true
}
function close(this: HTMLDialogElement): void {
  this.open = false
  this.dispatchEvent(new Event('close'))
}

describe('a link', () => {
  const open = vi.fn()
  beforeEach(() => {
    open.mockClear()
    vi.stubGlobal('open', open)
    Object.assign(HTMLDialogElement.prototype, { showModal, close })
    render(
      <AskBeforeLeaving>
        <Formatted text="[the sky](https://sky.example/?q=secret)" settled />
      </AskBeforeLeaving>,
    )
    fireEvent.click(screen.getByRole('link', { name: 'the sky' }))
  })
  afterEach(() => vi.unstubAllGlobals())

  it('asks before leaving, with the whole address, and goes nowhere by itself', async () => {
    await waitFor(() => expect(screen.getByTestId<HTMLDialogElement>('leaving').open).toBe(true))
    expect(screen.getByTestId('leaving').textContent).toContain('https://sky.example/?q=secret')
    expect(open).not.toHaveBeenCalled()
    fireEvent.click(screen.getByRole('button', { name: 'Stay here' }))
    expect(screen.getByTestId<HTMLDialogElement>('leaving').open).toBe(false)
    expect(open).not.toHaveBeenCalled()
  })

  it('opens without an opener and without a referrer', async () => {
    await waitFor(() => expect(screen.getByTestId<HTMLDialogElement>('leaving').open).toBe(true))
    fireEvent.click(screen.getByTestId('leave'))
    expect(open.mock.calls).toEqual([['https://sky.example/?q=secret', '_blank', 'noopener,noreferrer']])
  })
})

it('stands as it came until what reads Markdown is there', async () => {
  const { container } = render(<Prose text="a **b**" ended />)
  expect(container.textContent).toContain('a **b**')
  await waitFor(() => expect(container.querySelector('strong')?.textContent).toBe('b'))
})

import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { columns, tooWide } from './columns.ts'
import { pages, read } from './tree.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const words = 'word '.repeat(columns / 5).trim()

function rumdl(command: 'check' | 'fmt', input: string) {
  return spawnSync(`${root}/node_modules/.bin/rumdl`, [command, '--stdin'], { cwd: root, input, encoding: 'utf8' })
}

it.each(pages)('%s has no line of prose over 100 columns', (page) => {
  expect(tooWide(read(page))).toEqual([])
})

it('finds a wide line of prose, and no other one', () => {
  const heading = `# ${words} and more`
  const table = `| ${words} and more |`
  const word = 'w'.repeat(columns + 1)
  const link = `${words.slice(0, -10)} [to](${word})`
  const code = `\`\`\`\n${words} and more\n\`\`\``
  const definition = `[x]: https://example.org/${word} "title"`
  expect(tooWide([heading, table, word, link, code, definition, `${words}…`.slice(0, columns)].join('\n'))).toEqual([])
  expect(tooWide([code, '', `- ${words}`].join('\n'))).toEqual([`5: - ${words}`])
})

it('has a formatter that refuses such a line, and mends it', () => {
  const planted = `Text.\n\n- ${words}\n`
  expect(rumdl('check', 'Text.\n').status).toBe(0)
  expect(rumdl('check', planted).status).toBe(1)
  expect(rumdl('fmt', planted).stdout).toBe(`Text.\n\n- ${words.slice(0, -5)}\n  word\n`)
})

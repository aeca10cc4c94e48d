import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)].filter(
  (name) => name.endsWith('.md'),
)

describe('the documentation', () => {
  it.each(pages)('%s links only to what is there', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target ?? '')
    const missing = links.filter((link) => !/^https?:/.test(link) && !existsSync(join(root, dirname(page), link)))
    expect(missing).toEqual([])
  })

  it('shows in the README exactly the program that the stories run', () => {
    const program = read('examples/minimal/chat.ts')
    expect(program.trimEnd().split('\n').length).toBeLessThanOrEqual(20)
    expect(read('README.md')).toContain(`\`\`\`ts\n${program}\`\`\``)
  })

  it('leaves no claim of the threat model without a test', () => {
    const [, section = ''] = /## What is proven\n([^]*?)\n## /.exec(read('docs/THREAT-MODEL.md')) ?? []
    const claims = section.split('\n').filter((line) => /^\| (?!---|claim )/.test(line))
    expect(claims.length).toBeGreaterThan(15)
    expect(claims.filter((line) => !/` › `/.test(line))).toEqual([])
  })
})

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import './environment.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '*.md'], {
  cwd: root,
})
const pages = listed
  .toString()
  .split('\0')
  .filter((name) => name !== '' && existsSync(join(root, name)))

/** The anchors that GitHub gives to the headings of a page. */
function anchors(page: string): Set<string> {
  const seen = new Map<string, number>()
  const prose = read(page).replaceAll(/^```[^]*?^```/gm, '')
  const names = [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim()
    const name = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const times = seen.get(name) ?? 0
    seen.set(name, times + 1)
    return times === 0 ? name : `${name}-${times}`
  })
  return new Set(names)
}

/** Why a link of a page leads nowhere; undefined where it does lead somewhere. Other sites are not asked. */
function deadLink(page: string, link: string): string | undefined {
  if (/^[a-z]+:/.test(link)) return undefined
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? page : join(dirname(page), path)
  if (!existsSync(join(root, target))) return `${link}: no such file`
  if (anchor === undefined || !target.endsWith('.md')) return undefined
  return anchors(target).has(anchor) ? undefined : `${link}: no such heading`
}

describe('the documentation', () => {
  it('has every page under test', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/PROTOCOL.md']))
  })

  it.each(pages)('%s links only to what is there', (page) => {
    const prose = read(page).replaceAll(/^```[^]*?^```/gm, '')
    const links = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    expect(links.map((link) => deadLink(page, link)).filter((dead) => dead !== undefined)).toEqual([])
  })

  it('finds a heading that is not there', () => {
    expect(deadLink('README.md', 'docs/PROTOCOL.md#7-policy')).toBeUndefined()
    expect(deadLink('README.md', 'docs/PROTOCOL.md#7-polity')).toContain('no such heading')
    expect(deadLink('docs/README.md', 'PROTOCOLL.md')).toContain('no such file')
  })

  it('shows in the README exactly the program that the scenarios run', () => {
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

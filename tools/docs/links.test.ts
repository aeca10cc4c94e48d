import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commentsOf, deadCitations } from './citations.ts'
import { deadLink, linksOf } from './links.ts'
import { files, pages, read } from './tree.ts'

const sources = files.filter((name) => /\.(?:rs|tsx?|go|toml|sh|cfg|conf|ya?ml)$/.test(name))

describe('the links of the documentation', () => {
  it('are those of every page', () => {
    const some = ['README.md', 'CONTRIBUTING.md', '.github/pull_request_template.md', 'spec/protocol/07-policy.md']
    expect(pages).toEqual(expect.arrayContaining(some))
  })

  it.each(pages)('lead somewhere from %s', (page) => {
    const text = read(page)
    expect(
      linksOf(text)
        .map((link) => deadLink(page, link))
        .filter((dead) => dead !== undefined),
    ).toEqual([])
    expect(deadCitations(page, text)).toEqual([])
  })

  it('lead from the index of the protocol to every page of it', () => {
    const linked = linksOf(read('docs/PROTOCOL.md')).map((link) => posix.join('docs', link))
    expect(linked).toEqual(pages.filter((page) => page.startsWith('spec/protocol/')))
  })

  it('lead from the map to every page', () => {
    const linked = new Set(linksOf(read('docs/README.md')).map((link) => posix.join('docs', link)))
    // A changeset lives until the next release.
    const apart = /^(?:docs\/README\.md$|spec\/protocol\/|\.github\/|\.changeset\/(?!README\.md$))/
    const others = pages.filter((page) => !apart.test(page))
    expect(others.filter((page) => !linked.has(page))).toEqual([])
  })

  it('are URLs where they lead out of a package: a registry shows its README alone', () => {
    const readmes = pages.filter((page) => /^packages\/[^/]+\/README\.md$/.test(page))
    expect(readmes.length).toBeGreaterThan(3)
    const leaving = readmes.flatMap((page) => linksOf(read(page)).filter((link) => link.startsWith('../')))
    expect(leaving).toEqual([])
  })

  it('are found dead: a file, a heading, a line and a file of the repository by its URL', () => {
    const url = 'https://github.com/blindllama/blindllama-web/blob/main'
    const page = `[a](docs/OPERATING.md "title") [\`b\`](spec/protocol/07-policy.md#71-coverage) [c](docs)
      [d](docs/OPERATINGS.md) [e](spec/protocol/07-policy.md#71-cover) [f](package.json#scripts)
[g]: ${url}/docs/ERRORS.md#ok
[h]: ${url}/docs/ERROR.md
<a href="nowhere.html">i</a> \`[in code](nowhere)\`
\`\`\`
[in a block of code](nowhere)
\`\`\`
[j](#nowhere) [k](../outside)`
    expect(linksOf(page).flatMap((link) => deadLink('README.md', link) ?? [])).toEqual([
      'docs/OPERATINGS.md: no such file',
      'spec/protocol/07-policy.md#71-cover: no such heading',
      'package.json#scripts: no such line',
      `${url}/docs/ERROR.md: no such file`,
      'nowhere.html: no such file',
      '#nowhere: no such heading',
      '../outside: no such file',
    ])
  })
})

describe('the citations of sources', () => {
  it('name sections and files that are there', () => {
    expect(sources.length).toBeGreaterThan(500)
    const dead = sources.flatMap((name) =>
      deadCitations(name, commentsOf(read(name))).map((citation) => `${name}: ${citation}`),
    )
    expect(dead).toEqual([])
  })

  it('are found dead: a section and a file', () => {
    const source = [
      '/** PROTOCOL.md §7.1, docs/ERRORS.md, src/lib.rs and tests/gateway/main.rs. */',
      "const text = 'docs/not-a-comment.md'",
      '// docs/PROTOCOL.md §23 and §7.1, `docs/PROTOCOL.md` §7.9, docs/NOTHING.md, PROTOCOL §7.10',
    ].join('\n')
    expect(deadCitations('packages/gateway/src/lib.rs', commentsOf(source))).toEqual([
      'PROTOCOL.md §23',
      'PROTOCOL.md` §7.9',
      'PROTOCOL §7.10',
      'docs/NOTHING.md',
    ])
    expect(deadCitations('packages/gateway/src/lib.rs', 'tools/nothing.ts')).toEqual(['tools/nothing.ts'])
    expect(deadCitations('packages/gateway/src/lib.rs', 'examples/load/main.rs')).toEqual([])
    expect(deadCitations('README.md', 'examples/load/main.rs')).toEqual(['examples/load/main.rs'])
  })
})

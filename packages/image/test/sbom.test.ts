import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { Content } from '../build/contents.ts'
import { licencesIn } from '../build/licences.ts'
import { sbom, validate } from '../build/sbom.ts'

const source: string = fileURLToPath(new URL('../../..', import.meta.url))
const digest = 'ab'.repeat(32)
const content = (part: Content['part'], path: string, owner: string): Content => ({
  part,
  path,
  size: 1,
  sha256: digest,
  package: owner,
})
const contents: readonly Content[] = [
  content('image', '.cmdline', '@blindllama/image'),
  content('initrd', 'init', 'blindllama-init'),
  content('model disk', 'llama-server', 'node-llama-cpp'),
  content('model disk', 'model.gguf', 'a-model'),
]
const input = { source, contents, packages: [], model: 'a-model', image: 'cd'.repeat(32) }

interface Component {
  readonly name: string
  readonly version?: string
  readonly licenses?: readonly { readonly expression?: string }[]
  readonly components?: readonly Component[]
}

describe('the bill of materials', () => {
  it('has every file in its package, with the licence that the package states, and the crates of a program', async () => {
    const { components } = JSON.parse(await sbom(input)) as { components: readonly Component[] }
    const files = components.flatMap(({ name, components: inside = [] }) => inside.map((file) => [name, file.name]))
    expect(files.toSorted()).toEqual(contents.map((each) => [each.package, each.path]).toSorted())
    const licence = (name: string): string | undefined =>
      components.find((each) => each.name === name)?.licenses?.[0]?.expression
    expect(licence('blindllama-init')).toBe('Apache-2.0')
    expect(licence('node-llama-cpp')).toBe('MIT')
    expect(licence('seccompiler')).toBe('Apache-2.0 OR BSD-3-Clause')
    expect(components.map(({ name }) => name)).not.toContain('tokio')
  })

  it('is the same for the same image: it has no date and no number of its own', async () => {
    expect(await sbom(input)).toBe(await sbom(input))
  })

  it('is refused where a file belongs to a package that nothing knows', async () => {
    const unknown = { ...input, contents: [...contents, content('initrd', 'usr/bin/evil', 'evil')] }
    await expect(sbom(unknown)).rejects.toThrow('The workspace has no crate evil.')
  })

  it('is judged by the schema of CycloneDX', async () => {
    const text = await sbom(input)
    expect(await validate(text)).toBeUndefined()
    expect(await validate(text.replace('"operating-system"', '"a system"'))).toContain('must be equal to one of')
    expect(await validate(text.replace(digest, 'no digest'))).toContain('pattern')
  })
})

describe('the licences of a package of Debian', () => {
  const format = 'Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n'

  it('are those of its files, once each, as the package spells them', () => {
    const text = `${format}Files: *\nCopyright: somebody\nLicense: LGPL-2.1+\n\nFiles: b\nLicense: Expat\n text\n\nFiles: c\nLicense: LGPL-2.1+\n\nLicense: GPL-3\n the text of a licence\n`
    expect(licencesIn(text)).toEqual(['Expat', 'LGPL-2.1+'])
  })

  it('are not guessed from a text that a machine cannot read', () => {
    expect(licencesIn('This is free software.\n\nFiles: *\nLicense: GPL-3\n')).toEqual([])
    expect(licencesIn('')).toEqual([])
  })
})

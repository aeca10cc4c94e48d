import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compileApplication } from './application.ts'
import { faults, published } from './faults.ts'
import { integrity, type Manifest, type Tarball } from './tarball.ts'

const sdk: string = fileURLToPath(new URL('../../packages/web-sdk', import.meta.url))
const what = { folder: 'packages/some', may: [/^dist\/[\w-]+\.d\.ts$/], must: ['dist/some.js'] }
const manifest: Manifest = {
  name: 'some',
  version: '1.0.0',
  publishConfig: { access: 'public', provenance: true },
  dependencies: { other: '2.0.0' },
  exports: { '.': { types: './dist/some.d.ts', default: './dist/some.js' }, './script': './dist/some.js' },
}
const license = 'the licence'
const content: Readonly<Record<string, string>> = {
  'package.json': '{}',
  'README.md': 'text',
  LICENSE: license,
  'dist/some.js': 'export {}',
  'dist/some.d.ts': 'export {}',
}

function of(change: Readonly<Record<string, string | undefined>>, changed: Partial<Manifest> = {}): string[] {
  const files = Object.entries({ ...content, ...change }).flatMap(([path, text]) =>
    text === undefined ? [] : [[path, Buffer.from(text)] as const],
  )
  return faults({ files: new Map(files), manifest: { ...manifest, ...changed } }, what, license)
}

test('a tarball with everything and nothing more has no fault', () => {
  expect(of({})).toEqual([])
})

test.each([
  ['no licence', { LICENSE: undefined }, {}, 'LICENSE is missing'],
  ['another licence', { LICENSE: 'mine' }, {}, 'LICENSE is not the one of the repository'],
  ['an empty README', { 'README.md': '' }, {}, 'README.md is missing'],
  [
    'a link into the repository',
    { 'README.md': '[x](../docs/X.md) [y](https://y.example) [z](#z)' },
    {},
    'README.md links to ../docs/X.md, which leads nowhere outside of the repository',
  ],
  ['a source', { 'src/some.ts': '' }, {}, 'src/some.ts is not one of the files of this package'],
  ['a key', { 'dist/key.pem': '' }, {}, 'dist/key.pem is not one of the files of this package'],
  ['no types', { 'dist/some.d.ts': undefined }, {}, 'package.json names dist/some.d.ts, which is missing'],
  ['an entry without types', {}, { exports: { '.': './dist/some.js' } }, '. has no types'],
  ['a range', {}, { dependencies: { other: '^2.0.0' } }, 'the dependency other has no exact version: ^2.0.0'],
  ['a link', {}, { dependencies: { other: 'workspace:*' } }, 'the dependency other has no exact version: workspace:*'],
  [
    'no provenance',
    {},
    { publishConfig: { access: 'public' } },
    'publishConfig of package.json does not ask for provenance',
  ],
  [
    'a command that is not there',
    {},
    { bin: { some: './dist/command.js' } },
    'package.json names dist/command.js, which is missing',
  ],
])('a tarball with %s is not published', (_, change, changed, fault) => {
  expect(of(change, changed)).toEqual([fault])
})

test('every package that is not private is packed', () => {
  for (const { folder } of published) {
    const text = readFileSync(fileURLToPath(new URL(`../../${folder}/package.json`, import.meta.url)), 'utf8')
    expect(JSON.parse(text)).not.toHaveProperty('private')
  }
})

test('the integrity of a script is that of the W3C', () => {
  expect(integrity(Buffer.from("alert('Hello, world.');"))).toBe(
    'sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO',
  )
})

let scratch: string
beforeEach(() => (scratch = mkdtempSync(join(tmpdir(), 'blindllama-release-test-'))))
afterEach(() => rmSync(scratch, { recursive: true }))

test('declarations that TypeScript refuses are found, under either resolution', async () => {
  const folder = join(scratch, 'package')
  cpSync(join(sdk, 'dist'), join(folder, 'dist'), { recursive: true })
  cpSync(join(sdk, 'package.json'), join(folder, 'package.json'))
  const tarball = { folder } as Tarball
  const broken = join(folder, 'dist/state.d.ts')
  writeFileSync(broken, `${readFileSync(broken, 'utf8')}\ninterface Twice {}\ntype Twice = string\n`)
  const said = await compileApplication(tarball, sdk, mkdtempSync(join(scratch, 'application-')))
  expect(said.filter((line) => line.includes('TS2300')).map((line) => line.split(':')[0])).toEqual([
    'types under nodenext',
    'types under nodenext',
    'types under bundler',
    'types under bundler',
  ])
  expect(said).toHaveLength(4)
}, 120_000)

import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import ts from 'typescript'
import { afterAll, expect, test } from 'vitest'
import '../environment.ts'
import { type PolicyExample, policyExamples } from './examples.ts'
import { forGenerator, type Schema } from './for-generator.ts'
import { policyTypes } from './policy-types.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))
const schemaText: string = readFileSync(join(root, 'spec/policy.schema.json'), 'utf8')
const sdk = join(root, 'packages/web-sdk/src')
const types: string = join(sdk, 'generated/policy.ts')

const pages: string[] = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '*.md'], {
  cwd: root,
})
  .toString()
  .split('\0')
  .filter((name) => name !== '' && existsSync(join(root, name)))
const examples: PolicyExample[] = pages.flatMap((page) => policyExamples(page, readFileSync(join(root, page), 'utf8')))

mkdirSync(join(root, 'target'), { recursive: true })
const folder: string = mkdtempSync(join(root, 'target/policy-types-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What TypeScript, under strict settings, says of a module; `files` stand beside it. */
function errorsOf(source: string, files: Readonly<Record<string, string>> = {}): string[] {
  for (const [name, text] of Object.entries({ ...files, 'module.ts': source })) writeFileSync(join(folder, name), text)
  const program = ts.createProgram([join(folder, 'module.ts')], {
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    resolveJsonModule: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: [],
  })
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

/** The part of the schema that an example is of, which takes an ellipsis for any text, list or object. */
function schemaFor(of: PolicyExample['of']): object {
  const schema = JSON.parse(schemaText, (key, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const { minItems: _, pattern, ...rest } = value as Record<string, unknown>
    if (key === 'properties' || key === '$defs' || key === 'not') return value
    if (pattern !== undefined) return { ...rest, pattern: `${String(pattern)}|…` }
    return rest['type'] === 'object' ? { if: { const: {} }, else: rest } : rest
  }) as { else?: Schema; $defs: object }
  const whole = schema.else as Schema
  const $defs = whole['$defs']
  if (of === 'Policy') return 'required' in whole ? { ...whole, required: [], anyOf: [{}] } : whole
  return { $defs, $ref: of === 'Anchor' ? '#/$defs/anchor' : '#/$defs/eventRule' }
}

test('the types of a policy are those of its schema', async () => {
  expect(await policyTypes(schemaText), 'stale: run `pnpm policy-types`').toBe(readFileSync(types, 'utf8'))
  const widened = schemaText.replace('"const": 1', '"enum": [1, 2]')
  expect(widened).not.toBe(schemaText)
  expect(await policyTypes(widened)).toContain('version: 1 | 2')
})

test('a schema that refers to nothing gives no types', () => {
  expect(() => forGenerator({ properties: { a: { $ref: '#/$defs/absent' } } })).toThrow('#/$defs/absent is not defined')
})

test('the documents show policies, anchors and event rules', () => {
  const count = (kind: PolicyExample['of']): number => examples.filter(({ of }) => of === kind).length
  expect([count('Policy') >= 5, count('Anchor') >= 4, count('EventRule') >= 5], JSON.stringify(examples)).toEqual([
    true,
    true,
    true,
  ])
})

test('every policy of the documents satisfies the schema', () => {
  for (const { at, of, value } of examples) {
    const validate = new Ajv2020({ strict: false }).compile(schemaFor(of))
    expect(validate(value), `${at}: ${JSON.stringify(validate.errors)}`).toBe(true)
    expect(validate({ ...value, unknownMember: 1 }), at).toBe(false)
  }
})

/** The example as a module that compiles where it is of its type. */
const line = ({ at, of, value }: PolicyExample, index: number): string => {
  const type = of === 'Policy' ? 'Partial<Policy>' : of
  const text = JSON.stringify(value).replaceAll('{}', '(null as never)')
  return `export const example${index} = ${text} satisfies ${type} // ${at}\n`
}

test('every policy of the documents compiles', () => {
  const imports = `import type { Anchor, EventRule, Policy } from '${types}'\n`
  expect(errorsOf(imports + examples.map(line).join(''))).toEqual([])
  const first = examples.find(({ of }) => of === 'Anchor') as PolicyExample
  expect(errorsOf(imports + line({ ...first, value: { ...first.value, kind: 'azur' } }, 0))).not.toEqual([])
})

const whole = {
  version: 1,
  anchors: [
    { kind: 'simulated', name: `000b${'11'.repeat(32)}` },
    { kind: 'gcp', rootSha256: '22'.repeat(32), projectId: 'project' },
    {
      allOf: [
        { kind: 'ak-name', names: ['000b'], assurance: 'cloud-vtpm' },
        { kind: 'azure', rootSha256: '22' },
      ],
    },
  ],
  pcrs: {
    bank: 'sha256',
    rules: { '0': 'golden', '2': { events: [{ text: 'a', times: [0, 2] }, { separator: true }] }, '15': 'instance' },
    replay: [0, 2],
  },
  releases: [
    { name: 'one', pcrs: { '0': '33' } },
    { name: 'two', pcrs: { '0': '33' }, configDigests: ['44'] },
  ],
  releaseKeys: { keys: [{ key: '55', role: 'developer' }], threshold: { developer: 1 } },
  status: { maxAgeMs: 604_800_000 },
  log: { origin: 'log.example', key: '66', witnesses: [{ name: 'witness', key: '77' }], threshold: 1 },
  platform: { kind: 'azure-snp', processors: [], measurements: ['88'] },
  suites: ['x25519-sha256-aes128gcm'],
}

test('an imported JSON file is a policy for the options of `connect`, and what lacks a member is none', () => {
  const source = `import policy from './policy.json'
import type { ConnectOptions } from '${join(sdk, 'options.ts')}'
export const options: ConnectOptions = { url: 'https://service.example', policy }
`
  expect(errorsOf(source, { 'policy.json': JSON.stringify(whole) })).toEqual([])
  const { pcrs: _, ...incomplete } = whole
  expect(errorsOf(source, { 'policy.json': JSON.stringify(incomplete) }).join()).toContain('pcrs')
})

test.each([
  ['a Name and Names', `{ kind: 'ak-name', name: 'a', names: ['a'], assurance: 'cloud-vtpm' } satisfies Anchor`],
  ['neither of them', `{ kind: 'ak-name', assurance: 'cloud-vtpm' } satisfies Anchor`],
  ['a project of nobody', `{ kind: 'gcp', rootSha256: 'a' } satisfies Anchor`],
  [
    'a version of firmware without a hierarchy',
    `{ kind: 'simulated', name: 'a', minFirmwareVersion: '0' } satisfies Anchor`,
  ],
  ['two contents of an event', `{ text: 'a', data: '00' } satisfies EventRule`],
  [
    'a signer of firmware without a version',
    `{ kind: 'azure-snp', processors: [], idKeyDigests: ['a'] } satisfies Platform`,
  ],
])('the types refuse %s', (_, source) => {
  const imports = `import type { Anchor, EventRule, Platform } from '${types}'\nexport const example = `
  expect(errorsOf(imports + source)).toHaveLength(1)
})

import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { claimsOf, documents, isOfMachines, unheld } from './claims.ts'
import { cargoPassed, goPassed, playwrightPassed, vitestPassed } from './ran.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'blindllama-claims-'))

const spec = (status: string): object => ({
  title: 'is told @verification @final-chunk',
  ok: true,
  tests: [{ status }],
})

function report(name: string, content: object): string {
  writeFileSync(join(folder, name), JSON.stringify(content))
  return join(folder, name)
}

/** Titles of a file of Playwright; what a title computes may be any text. */
function titlesOf(source: string): RegExp[] {
  return [...source.matchAll(/^ *test\((['"`])(.+?)\1, async/gms)].map(([, , title = '']) => {
    const parts = title.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    return new RegExp(`^${parts.join('.+')}$`)
  })
}

it('finds the file of a test of Rust', () => {
  const printed = [
    '     Running unittests src/lib.rs (target/debug/deps/blindllama_verifier-0a1b)',
    'test event_log::tests::allowing::a_variable_counts ... ok',
    'test event_log::tests::allowing::another ... FAILED',
    'test json::reader::inner::deep ... ok',
    '     Running tests/gateway/main.rs (target/debug/deps/gateway-0a1b)',
    'test admission::nothing_but_the_routes ... ok',
    '     Running tests/mutations.rs (target/debug/deps/mutations-0a1b)',
    'test every_bit ... ok',
  ].join('\n')
  expect(cargoPassed(root, printed)).toEqual([
    {
      file: 'packages/verifier-wasm/src/event_log/tests/allowing.rs',
      name: 'event_log::tests::allowing::a_variable_counts',
    },
    { file: 'packages/verifier-wasm/src/json/reader.rs', name: 'json::reader::inner::deep' },
    { file: 'packages/gateway/tests/gateway/admission.rs', name: 'admission::nothing_but_the_routes' },
    { file: 'packages/verifier-wasm/tests/mutations.rs', name: 'every_bit' },
  ])
})

it('finds the file of a test of Go', () => {
  const printed = '=== RUN\n--- PASS: TestAWitnessSignsNoSecondHistory (0.01s)\n--- FAIL: TestOther (0.00s)\n'
  expect(goPassed('services/release-log')(root, printed)).toEqual([
    { file: 'services/release-log/log_test.go', name: 'TestAWitnessSignsNoSecondHistory' },
  ])
})

it('reads the reports of Vitest and Playwright', () => {
  const vitest = report('vitest.json', {
    testResults: [
      {
        name: join(root, 'packages/a.test.ts'),
        assertionResults: [
          { fullName: 'a key ends', status: 'passed' },
          { fullName: 'a key lives', status: 'failed' },
        ],
      },
    ],
  })
  expect(vitestPassed(vitest)(root, '')).toEqual([{ file: 'packages/a.test.ts', name: 'a key ends' }])
  report('playwright.json', {
    suites: [
      {
        title: 'a.spec.ts',
        file: 'a.spec.ts',
        suites: [{ title: 'A page', specs: [spec('expected'), spec('skipped')] }],
      },
      { title: 'b.spec.ts', file: 'b.spec.ts', specs: [spec('expected'), spec('expected')] },
    ],
  })
  expect(playwrightPassed('playwright.json', 'e2e/specs')(folder, '')).toEqual([
    { file: 'e2e/specs/b.spec.ts', name: 'is told' },
  ])
})

describe('a claim', () => {
  const file = 'e2e/truncation/proxied.ts'
  const claims = [{ document: 'docs/A.md', file, name: 'readThroughProxies' }]

  it('is in the documents, of which each has some', () => {
    for (const document of documents)
      expect(claimsOf(root).filter((claim) => claim.document === document).length, document).toBeGreaterThan(0)
  })

  it('of machines names a test that its file has: these tests run elsewhere', () => {
    const ofMachines = claimsOf(root).filter(isOfMachines)
    expect(ofMachines.length).toBeGreaterThan(20)
    for (const { file: path, name } of ofMachines) {
      const isThere = titlesOf(readFileSync(join(root, path), 'utf8')).some((title) => title.test(name))
      expect(isThere, `${path} › ${name}`).toBe(true)
    }
  })

  it('is held by a passed test of its name, in its file', () => {
    expect(unheld(root, claims, [], [])).toEqual(claims)
    for (const name of ['readThroughProxies', 'around it readThroughProxies', 'modules::readThroughProxies'])
      expect(unheld(root, claims, [{ file, name }], []), name).toEqual([])
    for (const name of ['readThroughProxies and more', 'notreadThroughProxies', 'read'])
      expect(unheld(root, claims, [{ file, name }], []), name).toEqual(claims)
    expect(unheld(root, claims, [{ file: 'e2e/other.ts', name: 'readThroughProxies' }], [])).toEqual(claims)
  })

  it('is held by a function of a stage that passed as a whole, where there is such a function', () => {
    expect(unheld(root, claims, [], ['e2e/truncation'])).toEqual([])
    const invented = [
      { document: 'docs/A.md', file, name: 'nowhere' },
      { document: 'docs/A.md', file: 'e2e/truncation/nothing.ts', name: 'readThroughProxies' },
    ]
    expect(unheld(root, invented, [], ['e2e/truncation'])).toEqual(invented)
  })
})

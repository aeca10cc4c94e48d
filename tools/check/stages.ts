import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cargoCount, mutantCount, vitestCount, wordCount, type Counter } from './count.ts'
import type { InLane } from './lanes.ts'
import { cargoPassed, goPassed, playwrightPassed, vitestPassed, type PassedReader } from './ran.ts'

/** What runs side by side. Stages of `pages` need a core for a browser; those of `crates` build and test Rust. */
type Lane = 'crates' | 'pages'

export interface Stage extends InLane {
  readonly name: string
  readonly lane: Lane
  readonly command: readonly string[]
  /** Folder to run it in, relative to the root. */
  readonly folder?: string
  /** Without one, the stage is one test: it passes when the command does. */
  readonly count?: Counter
  /** Which tests passed, for the claims of the documents. */
  readonly passed?: PassedReader
  /** Sources, by the beginning of their path, that claims may name where the whole stage passed. */
  readonly sources?: string
  /** Bounds a hang: far more than it takes on a busy machine. */
  readonly timeoutMs: number
}

/** Where stages leave their reports, relative to the root. */
export const reports = 'target/test-reports'

const minutes = 60_000
const bin = (name: string): string => `node_modules/.bin/${name}`
const tsx = (...words: string[]): string[] => ['node', '--import', 'tsx', ...words]

/** A stage for a lane. It has ten minutes, unless it says otherwise. */
type Work = Omit<Stage, 'lane' | 'timeoutMs'> & { readonly timeoutMs?: number }
const usual = { timeoutMs: 10 * minutes } as const
const pages = (work: Work): Stage => ({ ...usual, ...work, lane: 'pages' })
const crates = (work: Work): Stage => ({ ...usual, ...work, lane: 'crates' })

function vitest(root: string, folder: string): Work {
  const report = join(root, reports, `${folder.replaceAll('/', '-')}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  return {
    name: folder,
    command: ['pnpm', 'exec', 'vitest', 'run', ...reporters],
    folder,
    count: vitestCount,
    passed: vitestPassed(report),
  }
}

const isCi = (): boolean => (process.env['CI'] ?? '') !== ''

/** Signs and logs the client, then rebuilds it from the commit in another folder: the same bytes must come out (docs/AUDIT.md). */
const audit: Stage = crates({
  name: 'audit',
  command: tsx('services/staging/audit-client.ts'),
  count: wordCount,
  timeoutMs: 15 * minutes,
})

/** Ratios of speed. They build the gateway's load program three times, so that they run in `.ci/run` alone; `--list` names them there. */
const floors: readonly Stage[] = [
  crates({ name: 'floor', command: tsx('bench/floor.ts'), count: wordCount, timeoutMs: 45 * minutes }),
  crates({
    name: 'floor under the settings for size',
    command: tsx('bench/floor.ts', '--small'),
    count: wordCount,
    timeoutMs: 45 * minutes,
  }),
]

/** They ask whether the tests notice what they are for, and build the product again for each question: in `.ci/run` alone. */
const testsOfTests: readonly Stage[] = [
  pages({
    name: 'sabotaged builds',
    command: tsx('assurance/mutants/sabotage.ts'),
    count: wordCount,
    timeoutMs: 25 * minutes,
  }),
  // It builds crates too, in folders of its own: this lane ends first.
  pages({
    name: 'mutants (a sample)',
    command: tsx('assurance/mutants/mutants.ts', '--json', '--sample', '8'),
    count: mutantCount,
    timeoutMs: 15 * minutes,
  }),
]

/** Everything that must hold before a change is merged: quick ones first, in each lane. */
export function stages(root: string): Stage[] {
  // Vectors and evidence that lie beside the checkout, with the checks of those who made them.
  const checks = join(root, '../shared/check')
  const ofOthers = existsSync(checks) ? readdirSync(checks).toSorted() : []
  const log = 'services/release-log'
  const reader = 'assurance/third-reader'
  return [
    pages({ name: 'lint', command: [bin('oxlint'), '--deny-warnings'] }),
    pages({
      name: 'format',
      command: ['bash', '-c', `${bin('oxfmt')} --check && ${bin('rumdl')} check .`],
    }),
    pages({ name: 'types', command: [bin('tsc'), '--build'] }),
    pages({ name: 'architecture', command: tsx('tools/architecture.ts') }),
    pages(vitest(root, 'packages/cli')),
    pages(vitest(root, 'packages/ui')),
    pages(vitest(root, 'examples/react-chat')),
    pages(vitest(root, 'services/model-server')),
    pages(vitest(root, 'packages/image')),
    pages({ name: 'package', command: tsx('tools/release-check.ts') }),
    pages({ name: 'bill of materials', command: tsx('tools/sbom.ts') }),
    pages({
      name: 'pages of the API',
      command: ['tools/node_modules/.bin/typedoc', '--options', 'tools/typedoc.json', '--logLevel', 'Error'],
    }),
    // The whole of it needs many packages of the registry: `.ci/run` alone installs them.
    pages({
      name: 'matrix',
      command: tsx('e2e/matrix.ts', ...(isCi() ? [] : ['--quick'])),
      count: wordCount,
      timeoutMs: 20 * minutes,
    }),
    pages({ name: 'size', command: tsx('tools/size.ts') }),
    pages({
      name: 'end to end',
      command: tsx('e2e/run.ts'),
      count: wordCount,
      passed: playwrightPassed('e2e/results/report.json', 'e2e/specs'),
      timeoutMs: 30 * minutes,
    }),
    pages({
      name: 'truncation',
      command: tsx('e2e/truncation.ts'),
      count: wordCount,
      sources: 'e2e/truncation',
    }),
    pages({
      name: 'faithful',
      command: tsx('e2e/faithful.ts', '--json'),
      count: wordCount,
      sources: 'e2e/faithful',
    }),
    pages(vitest(root, 'e2e')),
    // `pnpm e2e:faults` runs 500 streams.
    pages({
      name: 'faults',
      command: tsx('e2e/faults.ts', '--json', '--streams', '150'),
      count: wordCount,
      sources: 'e2e/faults',
    }),
    // The whole of it asks llama.cpp's server as well, which has to be built: `.ci/run` does.
    pages({ name: 'clients', command: tsx('e2e/clients.ts', '--quick'), count: wordCount }),
    pages({
      name: 'leakage',
      command: tsx('e2e/leakage.ts', '--check'),
      sources: 'e2e/leakage',
    }),
    // `pnpm soak` runs longer: this one shows that what it judges by still fits the gateway.
    pages({ name: 'soak of half a minute', command: tsx('e2e/soak.ts', '--minutes', '0.5') }),
    ...(isCi() ? testsOfTests : []),
    crates({ name: 'codes', command: tsx('tools/codes.ts', '--check') }),
    crates({ name: 'policy types', command: tsx('tools/policy-types.ts', '--check') }),
    crates({ name: 'Rust format', command: ['cargo', 'fmt', '--check'] }),
    crates({
      name: 'Rust tests',
      command: ['cargo', 'test', '--workspace', '--locked', '--no-fail-fast'],
      count: cargoCount,
      passed: cargoPassed,
      timeoutMs: 25 * minutes,
    }),
    crates(vitest(root, 'packages/web-sdk')),
    crates(vitest(root, 'tools')),
    crates(vitest(root, 'services')),
    crates(vitest(root, 'assurance')),
    crates({
      name: 'log of releases',
      command: ['bash', '-c', 'go vet ./... && go test -v ./...'],
      folder: log,
      passed: goPassed(log),
    }),
    crates({
      name: 'reader',
      // The vectors are outside of the module, so that Go's cache of results cannot see a change of them.
      command: ['bash', '-c', 'go vet ./... && go test -count=1 -v ./...'],
      folder: reader,
      passed: goPassed(reader),
    }),
    crates(vitest(root, 'assurance/second-verifier')),
    crates({ name: 'vectors of our own', command: tsx('tools/vectors.ts', 'bundle') }),
    crates({
      name: 'conformance',
      command: tsx('assurance/compare/conformance.ts'),
      count: wordCount,
    }),
    ...ofOthers.map((name) => crates({ name: `${name} of others`, command: [join(checks, name)] })),
    crates({
      name: 'Rust lint',
      command: ['cargo', 'clippy', '--workspace', '--all-targets', '--locked', '--', '--deny', 'warnings'],
      timeoutMs: 15 * minutes,
    }),
    ...(isCi() ? [audit, ...floors] : []),
    crates({ name: 'fuzzing', command: tsx('assurance/fuzz/fuzz.ts'), count: wordCount, timeoutMs: 40 * minutes }),
  ]
}

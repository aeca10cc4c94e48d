import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cargoCount, vitestCount, wordCount, type Counter } from './count.ts'

export interface Stage {
  readonly name: string
  readonly command: readonly string[]
  /** Folder to run it in, relative to the root. */
  readonly folder?: string
  /** Without one, the stage is one test: it passes when the command does. */
  readonly count?: Counter
  readonly timeoutMs: number
}

const minutes = 60_000
const bin = (name: string): string => `node_modules/.bin/${name}`
const tsx = (...words: string[]): string[] => ['node', '--import', 'tsx', ...words]

function vitest(folder: string, timeoutMs: number): Stage {
  return { name: folder, command: ['pnpm', 'exec', 'vitest', 'run'], folder, count: vitestCount, timeoutMs }
}

/** Everything that must hold before a change is merged: quick ones first. */
export function stages(root: string): Stage[] {
  // Vectors and evidence that lie beside the checkout, with the checks of those who made them.
  const checks = join(root, '../shared/check')
  const ofOthers = existsSync(checks) ? readdirSync(checks).toSorted() : []
  return [
    { name: 'lint', command: [bin('oxlint'), '--deny-warnings'], timeoutMs: minutes },
    { name: 'format', command: [bin('oxfmt'), '--check'], timeoutMs: minutes },
    { name: 'types', command: [bin('tsc'), '--build'], timeoutMs: 5 * minutes },
    { name: 'codes', command: tsx('tools/codes.ts', '--check'), timeoutMs: minutes },
    { name: 'Rust format', command: ['cargo', 'fmt', '--check'], timeoutMs: minutes },
    {
      name: 'Rust lint',
      command: ['cargo', 'clippy', '--workspace', '--all-targets', '--locked', '--', '--deny', 'warnings'],
      timeoutMs: 15 * minutes,
    },
    {
      name: 'Rust tests',
      command: ['cargo', 'test', '--workspace', '--locked', '--no-fail-fast'],
      count: cargoCount,
      timeoutMs: 25 * minutes,
    },
    vitest('packages/web-sdk', 10 * minutes),
    vitest('packages/cli', 10 * minutes),
    vitest('examples/react-chat', 5 * minutes),
    vitest('tools/model-server', 5 * minutes),
    vitest('tools', 10 * minutes),
    { name: 'log of releases', command: ['bash', 'tools/setup/go.sh', 'test', 'release-log'], timeoutMs: 5 * minutes },
    { ...vitest('conformance', 5 * minutes), name: 'tests of conformance' },
    {
      name: 'package',
      command: ['pnpm', '--dir', 'packages/web-sdk', 'run', 'check'],
      timeoutMs: 3 * minutes,
    },
    { name: 'size', command: tsx('tools/size.ts'), timeoutMs: 2 * minutes },
    { name: 'fuzzing', command: tsx('tools/fuzz.ts'), count: wordCount, timeoutMs: 40 * minutes },
    { name: 'vectors of our own', command: tsx('tools/vectors.ts', 'bundle'), timeoutMs: 5 * minutes },
    {
      name: 'conformance',
      command: tsx('conformance/conformance.ts'),
      count: wordCount,
      timeoutMs: 10 * minutes,
    },
    ...ofOthers.map((name) => ({ name: `${name} of others`, command: [join(checks, name)], timeoutMs: 5 * minutes })),
    { name: 'end to end', command: tsx('e2e/run.ts'), count: wordCount, timeoutMs: 30 * minutes },
    { name: 'truncation', command: tsx('e2e/truncation.ts'), count: wordCount, timeoutMs: 5 * minutes },
    { name: 'leakage', command: tsx('e2e/leakage.ts', '--check'), timeoutMs: 2 * minutes },
    { name: 'canaries', command: tsx('e2e/canary.ts'), count: wordCount, timeoutMs: 25 * minutes },
  ]
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import '../../tools/environment.ts'

export interface ScenarioRunOptions {
  /** Arguments of `playwright test`. */
  readonly args: readonly string[]
  /** File for Playwright's JSON report. */
  readonly report: string
  readonly env?: Readonly<Record<string, string>>
  /** Keeps what Playwright prints for the caller: failures that must be are not worth reading. */
  readonly quiet?: boolean
}

/** Titles of the scenarios by their end, once for each engine; a skipped one counts as failed. */
export interface ScenarioRunResult {
  readonly passed: readonly string[]
  readonly failed: readonly string[]
  readonly status: number
  /** What Playwright printed, where it was told to be quiet. */
  readonly output: string
}

interface Suite {
  readonly specs?: readonly {
    readonly title: string
    /** One for each engine. */
    readonly tests: readonly { readonly projectName: string; readonly status: string }[]
  }[]
  readonly suites?: readonly Suite[]
  readonly title: string
}

/** Runs Playwright in a process of its own and reads its report. */
export async function runScenarios({
  args,
  report,
  env,
  quiet = false,
}: ScenarioRunOptions): Promise<ScenarioRunResult> {
  await rm(report, { force: true })
  const playwright = join(dirname(createRequire(import.meta.url).resolve('@playwright/test/package.json')), 'cli.js')
  const child = spawn(process.execPath, [playwright, 'test', ...args], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    stdio: quiet ? ['ignore', 'pipe', 'inherit'] : 'inherit',
    env: { ...process.env, ...env, E2E_REPORT: report },
  })
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
  const [status] = (await once(child, 'close')) as [number | null]
  const { suites } = JSON.parse(await readFile(report, 'utf8')) as { suites: readonly Suite[] }
  const passed: string[] = []
  const failed: string[] = []
  const walk = (suite: Suite, above: string): void => {
    for (const { title, tests } of suite.specs ?? [])
      for (const { projectName, status: end } of tests)
        // Only a configuration with retries has tests that end as flaky.
        (end === 'expected' || end === 'flaky' ? passed : failed).push(`${projectName} › ${above} › ${title}`)
    for (const inner of suite.suites ?? []) walk(inner, `${above} › ${inner.title}`)
  }
  for (const suite of suites) walk(suite, suite.title)
  return { passed, failed, status: status ?? 1, output }
}

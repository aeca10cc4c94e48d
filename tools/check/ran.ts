import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A test that ran and passed. */
export interface PassedTest {
  /** Of the source, relative to the root. Rust names modules instead: then the file that a module of that name stands in. */
  readonly file: string
  /** With the titles around it. */
  readonly name: string
}

/** Reads from what a stage printed, or from the report it left, which tests passed. */
export type PassedReader = (root: string, printed: string) => PassedTest[]

/** `Running tests/gateway/main.rs (…)`, then `test admission::name ... ok` for each. */
export const cargoPassed: PassedReader = (root, printed) => {
  const passed: PassedTest[] = []
  let folders: string[] = []
  for (const line of printed.split('\n')) {
    const program = /^\s+Running (?:unittests )?(\S+) \((\S+)\)$/.exec(line)
    if (program !== null) folders = sourcesOf(root, program[1] ?? '', program[2] ?? '')
    const name = /^test (\S+)(?: - should panic)? \.\.\. ok$/.exec(line)?.[1]
    if (name === undefined) continue
    for (const folder of folders) for (const file of filesOf(root, folder, name)) passed.push({ file, name })
  }
  return passed
}

/** The folders whose modules a test program holds: `src` of one package, or `tests/NAME`. */
function sourcesOf(root: string, main: string, program: string): string[] {
  const crate = /([^/]+)-[0-9a-f]+$/.exec(program)?.[1] ?? ''
  const packages = readdirSync(join(root, 'packages')).map((name) => join('packages', name))
  return packages
    .filter(
      (folder) => existsSync(join(root, folder, main)) && (!main.startsWith('src/') || isCrate(root, folder, crate)),
    )
    .map((folder) => join(folder, main.replace(/(?:\/(?:main|lib|mod))?\.rs$/, '')))
}

function isCrate(root: string, folder: string, crate: string): boolean {
  const manifest = join(root, folder, 'Cargo.toml')
  return existsSync(manifest) && readFileSync(manifest, 'utf8').includes(`name = "${crate.replaceAll('_', '-')}"`)
}

/** Files that a test of this path can stand in: `a::b::name` in `a/b.rs`, in `a/b/mod.rs`, or in an inner module of `a.rs`. */
function filesOf(root: string, folder: string, name: string): string[] {
  const modules = name.split('::').slice(0, -1)
  for (let depth = modules.length; depth >= 0; depth -= 1) {
    const path = join(folder, ...modules.slice(0, depth))
    const files = [`${path}.rs`, join(path, 'mod.rs'), join(path, 'main.rs'), join(path, 'lib.rs')]
    const found = files.filter((file) => existsSync(join(root, file)))
    if (found.length > 0) return found
  }
  return []
}

/** `--- PASS: TestName (0.01s)` of `go test -v`, for the module in `folder`. */
export function goPassed(folder: string): PassedReader {
  return (root, printed) => {
    const files = readdirSync(join(root, folder)).filter((name) => name.endsWith('_test.go'))
    const names = [...printed.matchAll(/^\s*--- PASS: (\S+) /gm)].map(([, name]) => name ?? '')
    const holds = (file: string, name: string): boolean =>
      readFileSync(join(root, folder, file), 'utf8').includes(`func ${name.split('/')[0]}(`)
    return names.flatMap((name) =>
      files.filter((file) => holds(file, name)).map((file) => ({ file: join(folder, file), name })),
    )
  }
}

interface VitestReport {
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[]
  }[]
}

/** The report of Vitest's reporter `json`. */
export function vitestPassed(report: string): PassedReader {
  return (root) => {
    if (!existsSync(report)) return []
    const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as VitestReport
    return testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'passed')
        .map(({ fullName }) => ({ file: relative(root, name), name: fullName })),
    )
  }
}

interface PlaywrightSuite {
  readonly title: string
  readonly file?: string
  readonly specs?: readonly { readonly title: string; readonly tests: readonly { readonly status: string }[] }[]
  readonly suites?: readonly PlaywrightSuite[]
}

/** Tags at the end of a title: they choose scenarios, and say nothing of what is tested. */
const tags = /(?: @[\w-]+)+$/

/**
 * The report of Playwright's reporter `json`. A title passed when it did in every engine.
 *
 * @param accepted how a test may end; `flaky`: it passed when it was repeated
 */
export function playwrightPassed(
  report: string,
  specs: string,
  accepted: readonly string[] = ['expected'],
): PassedReader {
  return (root) => {
    const path = join(root, report)
    if (!existsSync(path)) return []
    const { suites } = JSON.parse(readFileSync(path, 'utf8')) as { suites: readonly PlaywrightSuite[] }
    const ends = new Map<string, PassedTest & { ok: boolean }>()
    const walk = ({ suites: inner = [], specs: titles = [] }: PlaywrightSuite, file: string, above: string): void => {
      for (const { title: whole, tests } of titles) {
        const title = whole.replace(tags, '')
        const ok = tests.length > 0 && tests.every(({ status }) => accepted.includes(status))
        const key = `${file} ${above}${title}`
        ends.set(key, { file, name: `${above}${title}`, ok: ok && (ends.get(key)?.ok ?? true) })
      }
      for (const suite of inner) walk(suite, file, `${above}${suite.title} `)
    }
    for (const suite of suites) walk(suite, join(specs, suite.file ?? suite.title), '')
    return [...ends.values()].filter(({ ok }) => ok).map(({ file, name }) => ({ file, name }))
  }
}

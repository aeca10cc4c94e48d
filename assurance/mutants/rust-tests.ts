/** Runs named tests of the programs that cargo built. */
import { availableParallelism } from 'node:os'
import { runCommand, type Outcome } from '../../tools/run/command.ts'
import { isLate } from './late.ts'
import type { Result } from './result.ts'
import type { TestProgram } from './workspace.ts'

/** The tests of one program to run, by their whole paths. */
export interface Chosen {
  readonly program: TestProgram
  readonly tests: readonly string[]
}

/** How a process ends by a fault of its own: an abort, an overflow of the stack, a trap. SIGKILL is sent by others, as by the OOM killer. */
const ownFaults: ReadonlySet<string> = new Set(['SIGABRT', 'SIGSEGV', 'SIGILL', 'SIGTRAP'])

export class RustTests {
  readonly #cwd: string
  readonly #programs: readonly TestProgram[]
  readonly #listed = new Map<string, readonly string[]>()

  private constructor(cwd: string, programs: readonly TestProgram[]) {
    this.#cwd = cwd
    this.#programs = programs
  }

  /** Asks every program for its tests, which run in `cwd`, the package's folder. */
  static async of(cwd: string, programs: readonly TestProgram[]): Promise<RustTests> {
    const tests = new RustTests(cwd, programs)
    for (const { path } of programs) {
      const { ok, stdout, reason } = await runCommand([path, '--list', '--format', 'terse'], { cwd, timeoutMs: 60_000 })
      if (!ok) throw new Error(`${path} --list ${reason}`)
      tests.#listed.set(
        path,
        [...stdout.matchAll(/^(.+): test$/gm)].map(([, name = '']) => name),
      )
    }
    return tests
  }

  /**
   * The tests that `target` or `target::filter` names.
   *
   * @throws When there is no such program, or no test of it fits the filter.
   */
  find(name: string): Chosen[] {
    const [target = '', ...rest] = name.split('::')
    const filter = rest.join('::')
    const found = this.#programs
      .filter((program) => program.target === target)
      .map((program) => ({ program, tests: this.#named(program).filter((test) => test.includes(filter)) }))
      .filter(({ tests }) => tests.length > 0)
    if (found.length === 0) throw new Error(`there is no test ${name}`)
    return found
  }

  /** Runs tests of one program; a mutant is active when it is named. */
  async run({ program, tests }: Chosen, mutant: string | undefined, timeoutMs: number): Promise<Result> {
    const outcome = await runCommand([program.path, '--exact', ...tests, `--test-threads=${availableParallelism()}`], {
      cwd: this.#cwd,
      env: { CARGO_MANIFEST_DIR: this.#cwd, ...(mutant === undefined ? {} : { MUTANT: mutant }) },
      timeoutMs,
    })
    return resultOf(outcome, tests.length)
  }

  #named({ path }: TestProgram): readonly string[] {
    return this.#listed.get(path) ?? []
  }
}

/** Reads what libtest printed: a run that left tests out, or ended without a count, says nothing. */
export function resultOf(outcome: Outcome, expected: number): Result {
  if (isLate(outcome)) return { kind: 'late', what: `the tests ${outcome.reason}` }
  const count = /^test result: (\w+)\. (\d+) passed; (\d+) failed; (\d+) ignored/m.exec(outcome.stdout)
  const failed = [...outcome.stdout.matchAll(/^test (\S+)(?: - should panic)? \.\.\. FAILED$/gm)].map(
    ([, name]) => name,
  )
  if (count === null) {
    const signal = /^ended with (SIG\w+)$/.exec(outcome.reason)?.[1]
    if (signal !== undefined && ownFaults.has(signal)) return { kind: 'failed', test: outcome.reason }
    return { kind: 'broken', why: `${outcome.output.slice(-2000)}\n${outcome.reason}` }
  }
  const [, word, passed, , ignored] = count
  if (word === 'FAILED') return { kind: 'failed', test: failed[0] ?? 'a test' }
  if (!outcome.ok || Number(passed) !== expected || Number(ignored) > 0)
    return { kind: 'broken', why: `${passed} of ${expected} tests passed, ${ignored} ignored; ${outcome.reason}` }
  return { kind: 'passed' }
}

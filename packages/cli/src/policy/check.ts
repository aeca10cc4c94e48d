import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { section } from '../terminal/rows.js'
import { type Style, styleOf } from '../terminal/style.js'
import { json, padded, type Shown, shown } from '../terminal/text.js'
import { coverageOf, type PcrCoverage } from './coverage.js'
import { readPolicy } from './read.js'

/** What is said of a policy. */
interface Checked {
  /** `warn`: PCRs are open, and the policy allows it. */
  result: 'pass' | 'warn' | 'fail'
  code: 'ok' | 'pcr.coverage'
  bank: string
  allowPartialCoverage: boolean
  /** The PCRs that are needed and not covered. */
  open: number[]
  pcrs: PcrCoverage[]
}

/** Tells which PCRs a policy covers. @throws {Failure} with the verifier's code for a policy that it refuses */
export async function check(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, { json: { type: 'boolean', default: false } })
  const [file] = positionals
  if (file === undefined || positionals.length > 1) throw usage('policy check FILE [--json]')
  const policy = readPolicy(file, await bytesOf(file), exit.refused)
  const pcrs = coverageOf(policy)
  const open = pcrs.filter(({ covered }) => !covered).map(({ pcr }) => pcr)
  const { bank, allowPartialCoverage = false } = policy.pcrs
  const result = open.length === 0 ? 'pass' : allowPartialCoverage ? 'warn' : 'fail'
  const code = result === 'pass' ? 'ok' : 'pcr.coverage'
  const checked: Checked = { result, code, bank, allowPartialCoverage, open, pcrs }
  io.out(values.json ? json(checked) : present(checked, styleOf(io)))
  return result === 'fail' ? exit.refused : exit.passed
}

function present({ result, bank, open, pcrs }: Checked, style: Style): Shown {
  const told = pcrs.filter(({ rule, needed, action }) => rule !== null || needed !== null || action !== undefined)
  const todo = told.filter(({ action }) => action !== undefined)
  const recommended = todo.filter(({ covered }) => covered)
  return shown`${[
    headline(result, open, style),
    section(
      `PCRs, bank ${bank}`,
      told.map((pcr) => line(pcr, style)),
      style,
    ),
    section('To do', todo.filter(({ covered }) => !covered).map(sentence), style),
    section('Recommended', recommended.map(sentence), style),
  ]}`
}

function headline(result: Checked['result'], open: readonly number[], style: Style): Shown {
  if (result === 'pass')
    return shown`${style.good(style.bold('COVERED'))}  every PCR that decides which software runs has a rule\n`
  const which = `PCR ${open.join(', ')}: open, and they decide which software runs`
  return result === 'warn'
    ? shown`${style.warn(style.bold('PARTIAL'))}  ${which}; the policy allows it, and each verdict warns ${style.dim('(pcr.coverage)')}\n`
    : shown`${style.bad(style.bold('REFUSED'))}  ${which} ${style.dim('(pcr.coverage)')}\n`
}

function line({ pcr, rule, measures, needed, covered }: PcrCoverage, style: Style): Shown {
  const mark = covered ? (rule === null || rule === 'unchecked' ? style.dim('–') : style.good('✓')) : style.bad('✗')
  const need = needed === null ? 'not needed' : `needs ${needed.join(' or ')}`
  return shown`  ${mark} ${padded(String(pcr), 2, 'right')}  ${padded(rule ?? 'not quoted', 10)}  ${measures} ${style.dim(`(${need})`)}\n`
}

function sentence({ pcr, risk, action }: PcrCoverage): Shown {
  return shown`  PCR ${pcr}: ${action ?? ''}${risk === undefined ? '' : shown`. Open, ${risk}`}\n`
}

import type { Code } from '@blindllama/web-sdk'
import { explainRefusal } from '@blindllama/web-sdk/sentences'
import { exit, type ExitCode } from '../exit.js'
import { usage } from '../failure.js'
import { parse } from '../options.js'
import { bytesOf } from '../read-file.js'
import type { Io } from '../terminal/io.js'
import { section } from '../terminal/rows.js'
import { type Style, styleOf } from '../terminal/style.js'
import { json, padded, type Shown, shown } from '../terminal/text.js'
import { coverageOf, type PcrCoverage } from './coverage.js'
import { type Mistake, mistakesOf } from './mistakes.js'
import { assertPlain, readPolicy } from './read.js'
import { evidenceOf } from './service-evidence.js'

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
  /** With `--url`: whether the service meets the policy. A software TPM counts where the policy says so. */
  service?: { url: string; result: 'pass' | 'fail'; simulated?: boolean; code: Code; why: string }
}

/** Tells which PCRs a policy covers. @throws {Failure} with the verifier's code for a policy that it refuses */
export async function check(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, { json: { type: 'boolean', default: false }, url: { type: 'string' } })
  const [file] = positionals
  if (file === undefined || positionals.length > 1) throw usage('policy check FILE [--url URL] [--json]')
  const bytes = await bytesOf(file)
  assertPlain(file, bytes)
  const mistakes = mistakesOf(bytes)
  if (mistakes.length > 0) return refuse(file, mistakes, values.json, io)
  const policy = readPolicy(file, bytes, exit.refused)
  const pcrs = coverageOf(policy)
  const open = pcrs.filter(({ covered }) => !covered).map(({ pcr }) => pcr)
  const { bank, allowPartialCoverage = false } = policy.pcrs
  const result = open.length === 0 ? 'pass' : allowPartialCoverage ? 'warn' : 'fail'
  const code = result === 'pass' ? 'ok' : 'pcr.coverage'
  const service = values.url === undefined ? undefined : await judgeService(values.url, bytes)
  const checked: Checked = { result, code, bank, allowPartialCoverage, open, pcrs, ...(service && { service }) }
  io.out(values.json ? json(checked) : present(checked, styleOf(io)))
  return result === 'fail' || service?.result === 'fail' ? exit.refused : exit.passed
}

/** Tells all that is wrong with a policy that no verifier reads. */
function refuse(file: string, mistakes: readonly Mistake[], asJson: boolean, io: Io): ExitCode {
  const [{ code, place, why }] = mistakes as [Mistake, ...Mistake[]]
  const style = styleOf(io)
  const count = `${mistakes.length} ${mistakes.length === 1 ? 'mistake' : 'mistakes'}`
  if (asJson) io.out(json({ result: 'error', code, detail: `${file}: ${place} ${why}`, mistakes }))
  else
    io.err(
      shown`${style.bad(style.bold('REFUSED'))}  ${file}: ${count}; no verifier reads this policy\n${mistakes.map(
        (each) =>
          shown`  ${style.bad('✗')} ${each.place === '' ? 'the policy' : each.place}: ${each.why} ${style.dim(`(${each.code})`)}\n`,
      )}`,
    )
  return exit.refused
}

async function judgeService(url: string, policy: Uint8Array): Promise<NonNullable<Checked['service']>> {
  const text = Buffer.from(policy).toString('utf8')
  const verdict = (await evidenceOf(url)).judge(text)
  if (verdict.result === 'pass') {
    const { simulated } = verdict
    const why = simulated
      ? `${url} meets this policy now, with a simulated TPM, which proves nothing: verify needs --dangerously-allow-simulated, a page dangerouslyAllowSimulated: true`
      : `${url} meets this policy now`
    return { url, result: 'pass', simulated, code: 'ok', why }
  }
  const why = explainRefusal(verdict, { policy, audience: new URL(url).origin })
  return { url, result: 'fail', code: verdict.code, why }
}

function present({ result, bank, open, pcrs, service }: Checked, style: Style): Shown {
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
    section('The service', service ? [ofService(service, style)] : [], style),
  ]}`
}

function ofService({ result, simulated, code, why }: NonNullable<Checked['service']>, style: Style): Shown {
  if (simulated === true) return shown`  ${style.warn('!')} ${why}\n`
  return result === 'pass'
    ? shown`  ${style.good('✓')} ${why}\n`
    : shown`  ${style.bad('✗')} ${why} ${style.dim(`(${code})`)}\n`
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

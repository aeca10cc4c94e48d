import type { Policy, Verdict } from '@blindllama/web-sdk'
import { exit, type ExitCode } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { present } from '../inspect/present.js'
import { type Inspection, report } from '../inspect/report.js'
import { parse } from '../options.js'
import { documentOf } from '../release/document.js'
import { readEnvelope } from '../release/envelope.js'
import type { Io } from '../terminal/io.js'
import { section } from '../terminal/rows.js'
import { type Style, styleOf } from '../terminal/style.js'
import { json, type Shown, shown } from '../terminal/text.js'
import { loadInspector } from '../verifier.js'
import { choose } from './choose.js'
import { initFromImage } from './from-image.js'
import { assertFree, judgement, writeNew } from './written.js'
import { sentencesOfPolicy } from '../policy/explain.js'
import { propose, type Choices } from './propose.js'
import { evidenceOf, type ServiceEvidence } from '../policy/service-evidence.js'

const options = {
  url: { type: 'string' },
  out: { type: 'string', default: 'policy.json' },
  yes: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  audience: { type: 'string' },
  assurance: { type: 'string' },
  'project-id': { type: 'string' },
  release: { type: 'string' },
  unchecked: { type: 'string' },
  'accept-unattested': { type: 'boolean', default: false },
  'allow-partial-coverage': { type: 'boolean', default: false },
  'from-release': { type: 'string' },
  'from-image': { type: 'string' },
  'ak-name': { type: 'string' },
  'config-digest': { type: 'string', multiple: true },
} as const

/**
 * Writes a policy that pins what a service shows, after asking what to pin, and judges the service by it; with `--from-image` one that
 * pins the values of an image.
 *
 * @throws {Failure} `cli.usage`, `cli.exists`, `cli.file`; {BlindLlamaError} where the service gives no evidence
 */
export async function init(args: readonly string[], io: Io): Promise<ExitCode> {
  const { values, positionals } = parse(args, options)
  const { url, out, yes } = values
  const image = values['from-image']
  assertTogether(values)
  if (image !== undefined && positionals.length === 0) return initFromImage({ ...values, 'from-image': image }, io)
  if (url === undefined || positionals.length > 0)
    throw usage('policy init --url URL [--out FILE]: blindllama policy --help')
  assertFree(out)
  const evidence = await evidenceOf(url)
  const inspected = report(loadInspector().inspect(evidence.bytes, undefined))
  if (!values.json) io.out(present(inspected, io))
  assertExtended(inspected)
  const read = values['from-release'] === undefined ? inspected : await withRelease(inspected, values['from-release'])
  if (!yes && io.ask === undefined)
    throw usage('nothing was pinned, because there is no terminal to ask on. Pass --yes to pin what is shown')
  const choices = await choose(read, url, values, yes ? undefined : io.ask)
  const { policy, verdict } = settle(read, choices, evidence)
  const text = `${JSON.stringify(policy, null, 2)}\n`
  await writeNew(out, text)
  const isPassed = verdict.result === 'pass'
  if (values.json) io.out(json({ result: verdict.result, file: out, policy, ...(!isPassed && { code: verdict.code }) }))
  else io.out(presentWritten(out, policy, text, url, verdict, styleOf(io)))
  return isPassed ? exit.passed : exit.refused
}

/** Options of the two ways to a policy. An option that would do nothing is refused. */
const ofImage = ['ak-name', 'config-digest'] as const
const ofService = ['release', 'unchecked', 'accept-unattested', 'allow-partial-coverage', 'from-release'] as const

function assertTogether(values: Readonly<Record<string, unknown>>): void {
  const hasImage = values['from-image'] !== undefined
  const given = (hasImage ? ofService : ofImage).filter(
    (name) => ![undefined, false].includes(values[name] as undefined),
  )
  if (given.length > 0)
    throw usage(`--${given[0]} ${hasImage ? 'does not go with' : 'needs'} --from-image: blindllama policy --help`)
}

/**
 * Refuses a bank that no firmware extended: no verifier accepts it, whatever the policy pins (`PROTOCOL.md` §7).
 *
 * @throws {Failure} `pcr.bank_unextended`
 */
function assertExtended({ values }: Inspection): void {
  const first = values?.pcrs.find(({ index }) => index === 0)
  // The last byte has the locality that the machine started in.
  if (values === undefined || first === undefined || !/^(?:00)+..$/.test(first.value)) return
  throw new Failure(
    'pcr.bank_unextended',
    `PCR 0 of the bank ${values.bank} is ${first.value}: no firmware extended it, and no policy makes a service with such a bank pass. ` +
      'Quote a bank that the firmware extends (attestation.bank of the gateway). ' +
      'A software TPM alone measures nothing: docs/OPERATING.md, "A trial with a software TPM", has the commands',
    exit.refused,
  )
}

/** Values and configurations of a manifest that the author computed, in place of those that the service shows. */
async function withRelease(read: Inspection, file: string): Promise<Inspection> {
  const manifest = documentOf(file, await readEnvelope(file, 'release')) as {
    bank: string
    configDigests?: string[]
    whole?: { pcrs: Record<string, string> }[]
  }
  const pcrs = manifest.whole?.[0]?.pcrs
  if (pcrs === undefined || manifest.whole?.length !== 1 || manifest.bank !== read.values?.bank)
    throw usage(`--from-release: ${file} is not a manifest with one set of values of the bank that the service quotes`)
  const values = read.values.pcrs.map(({ index, value }) => ({ index, value: pcrs[index] ?? value }))
  const configDigest = manifest.configDigests?.[0]
  const claims = read.claims && configDigest !== undefined ? { ...read.claims, configDigest } : read.claims
  return { ...read, values: { bank: manifest.bank, pcrs: values }, ...(claims && { claims }) }
}

/** What only a verdict shows is tried, and left out where it does not hold. */
function settle(read: Inspection, choices: Choices, evidence: ServiceEvidence): { policy: Policy; verdict: Verdict } {
  const quoted = new Set((read.values?.pcrs ?? []).map(({ index }) => index))
  const derived = new Set([14, 15].filter((index) => quoted.has(index) && !choices.unchecked.includes(index)))
  let replays = (read.eventLogs ?? []).length > 0
  for (;;) {
    const policy = propose(read, choices, { derived, replays })
    const verdict = evidence.judge(JSON.stringify(policy))
    const refused = verdict.result === 'fail' ? verdict : undefined
    const index = Number(/^PCR (1[45])\b/.exec(refused?.detail ?? '')?.[1])
    if (refused?.code === 'pcr.derived' && derived.has(index)) derived.delete(index)
    else if (refused?.code.startsWith('eventlog.') === true && replays) replays = false
    else return { policy, verdict }
  }
}

function presentWritten(
  file: string,
  policy: Policy,
  text: string,
  url: string,
  verdict: Verdict,
  style: Style,
): Shown {
  const judged = judgement(url, text, verdict, style)
  const next =
    verdict.result === 'fail'
      ? shown`policy check ${file} --url ${url}`
      : shown`verify ${url} --policy ${file}${verdict.simulated ? ' --dangerously-allow-simulated' : ''}`
  return shown`\n${style.bold(`Written to ${file}`)}\n${[
    section(
      'This policy says',
      sentencesOfPolicy(policy).map((sentence) => shown`  ${sentence}\n`),
      style,
    ),
    section(
      'Before you rely on it',
      [
        shown`  The service itself said every value in it. Compare each with one that you computed from your own image,\n`,
        shown`  and the Name of the key with what the gateway prints on the machine: blindllama-gateway ak --config FILE.\n`,
      ],
      style,
    ),
  ]}\n${judged}\nNext: blindllama ${next}\n`
}

import type { Policy } from '@blindllama/web-sdk'
import { exit, type ExitCode } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { type Inspection, report } from '../inspect/report.js'
import { coverageOf } from '../policy/coverage.js'
import { sentencesOfPolicy } from '../policy/explain.js'
import { readPolicy } from '../policy/read.js'
import { evidenceOf, type ServiceEvidence } from '../policy/service-evidence.js'
import { bytesOf } from '../read-file.js'
import { digestOf } from '../release/make.js'
import type { Io } from '../terminal/io.js'
import { section } from '../terminal/rows.js'
import { styleOf } from '../terminal/style.js'
import { json, shown } from '../terminal/text.js'
import { loadInspector } from '../verifier.js'
import { assuranceOf } from './choose.js'
import { anchorOf, type Assurance, schemaOfPolicy } from './propose.js'
import { assertFree, judgement, writeNew } from './written.js'

type Values = Readonly<Record<string, string>>

interface Part {
  readonly name: string
  readonly pcrs: Values
}

const remedy = 'Write it with: blindllama release measure IMAGE --platform FILE --out FILE'

/** What `blindllama release measure --platform FILE --out FILE` writes. */
interface Golden {
  readonly images: readonly Part[]
  readonly platforms: readonly Part[]
  readonly untouched: readonly number[]
}

/** Options of `policy init` that count here. */
export interface FromImage {
  readonly 'from-image': string
  readonly url?: string | undefined
  readonly out: string
  readonly json: boolean
  readonly audience?: string | undefined
  readonly assurance?: string | undefined
  readonly 'project-id'?: string | undefined
  readonly 'ak-name'?: string | undefined
  readonly 'config-digest'?: readonly string[] | undefined
}

/**
 * Writes a policy from the values that were computed of an image, before any machine started it. Nothing of a service counts but its
 * key: where the service does not meet the policy, it is refused and the policy stays as strict as it is.
 *
 * @throws {Failure} `cli.usage`, `cli.exists`, `cli.file`; {BlindLlamaError} where the service gives no evidence
 */
export async function initFromImage(values: FromImage, io: Io): Promise<ExitCode> {
  const golden = await readGolden(values['from-image'])
  const digests = (values['config-digest'] ?? []).map((text) => digestOf('config-digest', text))
  if (digests.length === 0)
    throw usage('--from-image needs --config-digest HEX, as blindllama-gateway config-digest prints it')
  const assurance = assuranceOf(values.assurance ?? 'simulated')
  assertFree(values.out)
  const evidence = values.url === undefined ? undefined : await evidenceOf(values.url)
  const read = evidence && report(loadInspector().inspect(evidence.bytes, undefined))
  const held = key(values, assurance, read)
  const policy = policyOf(golden, digests, { ...held, audience: audienceOf(values, read) })
  const text = `${JSON.stringify(policy, null, 2)}\n`
  readPolicy('the policy', Buffer.from(text))
  const open = coverageOf(policy).flatMap(({ pcr, covered }) => (covered ? [] : [pcr]))
  if (open.length > 0)
    throw new Failure(
      'cli.file',
      `${values['from-image']} has no value of PCR ${open.join(', ')}. ${remedy}`,
      exit.undecided,
    )
  await writeNew(values.out, text)
  return present(values, policy, text, evidence, io)
}

/** @throws {Failure} `cli.file` for a file that is not what `release measure` writes, or that lacks the part of a machine */
async function readGolden(file: string): Promise<Golden> {
  const refuse = (what: string): Failure => new Failure('cli.file', `${file} ${what}. ${remedy}`, exit.undecided)
  let read: unknown
  try {
    read = JSON.parse(Buffer.from(await bytesOf(file)).toString('utf8'))
  } catch (cause) {
    if (cause instanceof SyntaxError) throw refuse('is no JSON')
    throw cause
  }
  const { images, platforms, explanation } = (read ?? {}) as Record<string, unknown>
  if (!isParts(images)) throw refuse('has no values of an image')
  if (!isParts(platforms)) throw refuse('has no values of firmware and machine')
  const untouched = (explanation as { untouched?: unknown } | undefined)?.untouched
  if (!Array.isArray(untouched) || !untouched.every((pcr) => pcr === 12 || pcr === 13) || untouched.length === 0)
    throw refuse('does not say which PCRs stay untouched')
  return { images, platforms, untouched: untouched as number[] }
}

const isValue = ([pcr, text]: [string, unknown]): boolean =>
  /^(?:\d|1[0-3])$/.test(pcr) && /^[0-9a-f]{64}$/.test(String(text))

function isParts(value: unknown): value is Part[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((part: Partial<Part> | null) => {
      if (part === null || typeof part !== 'object' || typeof part.name !== 'string') return false
      const { pcrs } = part
      return (
        typeof pcrs === 'object' && pcrs !== null && Object.keys(pcrs).length > 0 && Object.entries(pcrs).every(isValue)
      )
    })
  )
}

/** What holds the key: the Name that the author gives, else the key that the service shows. */
function key(
  values: FromImage,
  assurance: Assurance,
  read: Inspection | undefined,
): { anchor: object; assurance: Assurance } {
  const name = values['ak-name']
  if (name !== undefined) {
    const hex = digestOf('ak-name', name, name.length === 100 ? 50 : 34)
    const hierarchy = 'endorsement'
    if (assurance === 'simulated') return { anchor: { kind: 'simulated', name: hex, hierarchy }, assurance }
    return { anchor: { kind: 'ak-name', name: hex, assurance, hierarchy }, assurance }
  }
  if (read === undefined)
    throw usage(
      '--from-image needs the key: --ak-name HEX, as blindllama-gateway ak prints it, or --url URL to take it from',
    )
  return anchorOf(read, assurance, values['project-id'])
}

function audienceOf({ audience, url }: FromImage, read: Inspection | undefined): string | undefined {
  if (audience !== undefined) return audience
  if (url === undefined) throw usage('--from-image without --url needs --audience NAME, the name of the service')
  const names = read?.claims?.audiences ?? []
  const { origin } = new URL(url)
  return names.includes(origin) ? undefined : names[0]
}

function policyOf(
  { images, platforms, untouched }: Golden,
  configDigests: readonly string[],
  { audience, anchor, assurance }: { audience: string | undefined; anchor: object; assurance: Assurance },
): Policy {
  // Values of one platform belong with those of each image of the same release (PROTOCOL.md §19.4).
  const releases = platforms.flatMap((platform) =>
    images.map((image) => ({
      name: `${image.name} on ${platform.name}`,
      pcrs: { ...platform.pcrs, ...image.pcrs },
      configDigests,
    })),
  )
  const golden = [...new Set(releases.flatMap(({ pcrs }) => Object.keys(pcrs)))].map((pcr) => [pcr, 'golden'] as const)
  const fixed = untouched.map((pcr) => [String(pcr), 'untouched'] as const)
  return {
    $schema: schemaOfPolicy,
    version: 1,
    ...(audience !== undefined && { audience }),
    anchors: [anchor],
    acceptAssurance: [assurance],
    acceptUpstream: ['in-image'],
    pcrs: {
      bank: 'sha256',
      rules: Object.fromEntries([...golden, ...fixed, ['14', 'config'], ['15', 'instance']]),
      replay: 'quoted',
    },
    releases,
  } as Policy
}

function present(
  { url, out, json: asJson }: FromImage,
  policy: Policy,
  text: string,
  evidence: ServiceEvidence | undefined,
  io: Io,
): ExitCode {
  const verdict = evidence?.judge(text)
  const refused = verdict?.result === 'fail'
  if (asJson) {
    const judged = verdict && { result: verdict.result, ...(refused && { code: verdict.code }) }
    io.out(json({ result: 'written', file: out, policy, ...judged }))
  } else {
    const style = styleOf(io)
    const sentences = sentencesOfPolicy(policy).map((sentence) => shown`  ${sentence}\n`)
    io.out(shown`${style.bold(`Written to ${out}`)}\n${section('This policy says', sentences, style)}`)
    if (url === undefined || verdict === undefined)
      io.out(shown`\nNo service was asked: blindllama policy check ${out} --url URL\n`)
    else io.out(shown`\n${judgement(url, text, verdict, style)}`)
  }
  return refused ? exit.refused : exit.passed
}

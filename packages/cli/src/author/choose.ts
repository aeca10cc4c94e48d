import { usage } from '../failure.js'
import type { Inspection } from '../inspect/report.js'
import { shown } from '../terminal/text.js'
import type { Io } from '../terminal/io.js'
import { type Assurance, assurances, type Choices, isNamed } from './propose.js'

interface Given {
  readonly audience?: string | undefined
  readonly assurance?: string | undefined
  readonly 'project-id'?: string | undefined
  readonly release?: string | undefined
  readonly unchecked?: string | undefined
  readonly 'accept-unattested'?: boolean
  readonly 'allow-partial-coverage'?: boolean
}

/**
 * What the author pins: from the options, then by questions, then what is safe. Nothing that weakens a policy is chosen unasked.
 *
 * @param ask undefined: with `--yes`
 * @throws {Failure} `cli.usage`
 */
export async function choose(read: Inspection, url: string, given: Given, ask: Io['ask']): Promise<Choices> {
  const question = async (option: string | undefined, words: string, otherwise: string): Promise<string> =>
    option ?? ((await ask?.(shown`${words} [${otherwise}] `))?.trim() || otherwise)

  const names = read.claims?.audiences ?? []
  const { origin } = new URL(url)
  const usual = names.includes(origin) ? origin : (names[0] ?? origin)
  const audience = await question(given.audience, `Name of the service, of ${names.join(', ')}`, usual)
  const assurance = isNamed(read)
    ? await question(given.assurance, `What holds the attestation key: ${assurances.join(', ')}`, 'simulated')
    : 'cloud-vtpm'
  if (!isAssurance(assurance)) throw usage(`--assurance: '${assurance}' is none of ${assurances.join(', ')}`)
  const release = await question(given.release, 'Name of the release', `seen ${new Date().toISOString().slice(0, 10)}`)
  const unchecked = await question(given.unchecked, 'PCRs to leave unchecked, such as 5,14', 'none')
  const isOutside = read.claims?.upstream === 'unattested' && given['accept-unattested'] !== true
  const accepted = isOutside
    ? await question(
        undefined,
        'The model server is outside of what is proven, and its operator can read prompts. Accept it? yes, no',
        'no',
      )
    : 'no'
  return {
    audience: audience === origin ? undefined : audience,
    assurance,
    projectId: given['project-id'],
    release,
    unchecked: indicesOf(unchecked),
    acceptUnattested: given['accept-unattested'] === true || accepted === 'yes',
    allowPartialCoverage: given['allow-partial-coverage'] === true,
  }
}

function isAssurance(text: string): text is Assurance {
  return (assurances as readonly string[]).includes(text)
}

function indicesOf(text: string): number[] {
  if (text === 'none') return []
  return text.split(',').map((part) => {
    if (!/^\s*(?:1?[0-9]|2[0-3])\s*$/.test(part)) throw usage(`--unchecked: '${part.trim()}' is no PCR from 0 to 23`)
    return Number(part)
  })
}

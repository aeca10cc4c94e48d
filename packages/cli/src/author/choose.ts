import { didYouMean } from '@blindllama/web-sdk/sentences'
import { usage } from '../failure.js'
import type { Inspection } from '../inspect/report.js'
import { shown } from '../terminal/text.js'
import type { Io } from '../terminal/io.js'
import { type Assurance, assurances, type Choices, isNamed } from './propose.js'

const asIs = (answer: string): string => answer

/** Of one question: then nobody reads what is asked. */
const mostRounds = 5

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
  /** The value of the answer. A wrong answer is asked again; a wrong option ends the command, because nobody stands there. */
  const question = async <T>(
    option: string | undefined,
    words: string,
    otherwise: string,
    valueOf: (answer: string) => T,
  ): Promise<T> => {
    if (option !== undefined || !ask) return valueOf(option ?? otherwise)
    let fault = ''
    for (let round = 0; round < mostRounds; round++) {
      const answer = (await ask(shown`${fault}${words} [${otherwise}] `)).trim() || otherwise
      try {
        return valueOf(answer)
      } catch (error) {
        fault = `${asSentence((error as Error).message)} `
      }
    }
    throw usage(`${fault}That was wrong ${mostRounds} times, and nothing was written`)
  }

  // Before the first question: a wrong option would waste the answers.
  if (given.assurance !== undefined) assuranceOf(given.assurance)
  if (given.unchecked !== undefined) indicesOf(given.unchecked)

  const names = read.claims?.audiences ?? []
  const { origin } = new URL(url)
  const usual = names.includes(origin) ? origin : (names[0] ?? origin)
  const audience = await question(given.audience, `Name of the service, of ${names.join(', ')}`, usual, asIs)
  const assurance = isNamed(read)
    ? await question(
        given.assurance,
        `What holds the attestation key: ${assurances.join(', ')}`,
        'simulated',
        assuranceOf,
      )
    : 'cloud-vtpm'
  const release = await question(
    given.release,
    'Name of the release',
    `seen ${new Date().toISOString().slice(0, 10)}`,
    asIs,
  )
  const unchecked = await question(given.unchecked, 'PCRs to leave unchecked, such as 5,14', 'none', indicesOf)
  const isOutside = read.claims?.upstream === 'unattested' && given['accept-unattested'] !== true
  const accepted = isOutside
    ? await question(
        undefined,
        'The model server is outside of what is proven, and its operator can read prompts. Accept it? yes, no',
        'no',
        yesOrNo,
      )
    : false
  return {
    audience: audience === origin ? undefined : audience,
    assurance,
    projectId: given['project-id'],
    release,
    unchecked,
    acceptUnattested: given['accept-unattested'] === true || accepted,
    allowPartialCoverage: given['allow-partial-coverage'] === true,
  }
}

function asSentence(message: string): string {
  return /[.?]$/.test(message) ? message : `${message}.`
}

/** @throws {Failure} `cli.usage` */
export function assuranceOf(text: string): Assurance {
  const known = assurances.find((each) => each === text)
  if (known === undefined)
    throw usage(`--assurance: '${text}' is none of ${assurances.join(', ')}${didYouMean(text, assurances)}`)
  return known
}

function yesOrNo(text: string): boolean {
  if (!/^(?:y|yes|n|no)$/i.test(text)) throw usage(`'${text}' is neither yes nor no`)
  return /^y/i.test(text)
}

function indicesOf(text: string): number[] {
  if (text === 'none') return []
  return text.split(',').map((part) => {
    if (!/^\s*(?:1?[0-9]|2[0-3])\s*$/.test(part)) throw usage(`--unchecked: '${part.trim()}' is no PCR from 0 to 23`)
    return Number(part)
  })
}

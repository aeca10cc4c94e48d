import { isDeepStrictEqual } from 'node:util'
import type { Case } from './case.ts'
import { type Answer, layerOf, verdictOf, type Verifier } from './contract.ts'
import { type Explanation, explained } from './explained.ts'

/** How one case ended. */
export interface Row {
  readonly case: Case
  /** In the order of the verifiers. */
  readonly answers: readonly Answer[]
  /** What differs from what is expected, or between two verifiers, in a sentence each. */
  readonly differences: readonly string[]
  readonly explanation: Explanation | undefined
}

/** Asks every verifier every question of a case. */
export async function runCase(subject: Case, verifiers: readonly Verifier[]): Promise<Row> {
  const questions = [subject.question, ...(subject.variants ?? [])]
  const differences = new Set<string>()
  let answers: Answer[] = []
  for (const [index, question] of questions.entries()) {
    const given = await Promise.all(verifiers.map(async (verifier) => verifier.answer(question)))
    for (const difference of differencesOf(subject, verifiers, given))
      differences.add(questions.length === 1 ? difference : `variant ${index}: ${difference}`)
    if (index === 0) answers = given
  }
  const explanation = explained.find(({ matches }) => matches.test(subject.name))
  return { case: subject, answers, differences: [...differences], explanation }
}

function differencesOf(subject: Case, verifiers: readonly Verifier[], answers: readonly Answer[]): string[] {
  return verifiers.flatMap(({ name }, index) => {
    const answer = answers[index] as Answer
    const own = differenceToExpected(subject, answer, index === 0 || subject.isExact === true)
    if (own !== undefined) return [`${name}: ${own}`]
    const other = differenceBetween(answers[0] as Answer, answer)
    return other === undefined ? [] : [`${name}: ${other}`]
  })
}

/** `exact`: the first verifier has to give the very code that its vector states. */
function differenceToExpected(subject: Case, answer: Answer, exact: boolean): string | undefined {
  if (subject.expect === 'agree') return undefined
  if (verdictOf(answer) !== subject.expect) return `${answer.code} where ${subject.expect} is expected`
  if (subject.expect === 'accept') return subject.check?.(answer.facts)
  const layers = subject.layers ?? (subject.code === undefined ? undefined : [layerOf({ code: subject.code })])
  if (layers?.includes(layerOf(answer)) === false) return `${answer.code} where ${layers.join(' or ')} is expected`
  return exact && subject.code !== undefined && answer.code !== subject.code
    ? `${answer.code} where ${subject.code} is expected`
    : undefined
}

function differenceBetween(first: Answer, other: Answer): string | undefined {
  if (layerOf(first) !== layerOf(other)) return `${other.code} where the first says ${first.code}`
  const comparable = first.facts !== undefined && other.facts !== undefined
  return comparable && !isDeepStrictEqual(first.facts, other.facts)
    ? factDifference(first.facts, other.facts)
    : undefined
}

function factDifference(first: unknown, other: unknown): string {
  const flat = (value: unknown, path: string): [string, unknown][] =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, member]) => flat(member, `${path}.${key}`))
      : [[path, value]]
  const others = new Map(flat(other, ''))
  const firsts = flat(first, '')
  const [path, value] = firsts.find(([key, member]) => others.get(key) !== member) ??
    [...others].find(([key]) => !firsts.some(([name]) => name === key)) ?? ['', '']
  return `${path.slice(1)} is ${JSON.stringify(others.get(path))} where the first says ${JSON.stringify(value)}`
}

/** Verifiers agree on the layer and name another rule of it: shown, no difference. */
export function namesOtherRule({ answers }: Row): boolean {
  return new Set(answers.map(({ code }) => code)).size > 1
}

export function isUnexplained({ differences, explanation }: Row): boolean {
  return differences.length > 0 && explanation === undefined
}

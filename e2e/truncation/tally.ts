import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'
import type { AnswerEnd } from './read-answer.ts'

/** What must be true of one case. */
export interface Case {
  readonly name: string
  readonly ending: AnswerEnd
  /** Exactly the text that may be given out; with `orLess`, whole events of its beginning are enough. */
  readonly expected: string
  readonly orLess?: boolean
}

/** Counts how damaged answers ended, and that undamaged ones were taken. */
export class Tally {
  cases = 0
  /** Damaged answers that ended as if they were whole. */
  accepted = 0
  /** Damaged answers that were refused in another way than promised, and undamaged ones that were. */
  readonly defects: string[] = []
  controls = 0
  readonly codes: Map<string, number> = new Map()
  /** Truncated answers that the transport ended as if they were whole: only the missing final chunk gave them away. */
  cleanEnds = 0

  damaged({ name, ending, expected, orLess = false }: Case): void {
    this.cases++
    if (ending.quiet) {
      this.accepted++
      this.#defect(`${name}: accepted, with status ${ending.status}`)
      return
    }
    const code = ending.code ?? ''
    this.codes.set(code, (this.codes.get(code) ?? 0) + 1)
    if (code === 'channel.truncated' && ending.transportFailed !== true) this.cleanEnds++
    if (ending.own !== true || ending.name === 'AbortError') this.#defect(`${name}: ended with ${ending.name}`)
    if (!stableCodes.has(code)) this.#defect(`${name}: ${code} is no code of the registry`)
    const shorter = orLess && expected.startsWith(ending.text) && /(?:^|\n\n)$/.test(ending.text)
    if (ending.text !== expected && !shorter)
      this.#defect(`${name}: gave out ${eventCount(ending.text)} events, not ${eventCount(expected)}`)
  }

  /** An answer that nobody harmed: were it refused, the refusals would prove nothing. */
  undamaged({ name, ending, expected }: Case): void {
    this.controls++
    if (!ending.quiet) this.#defect(`${name}: refused with ${ending.code ?? ending.name}`)
    else if (ending.text !== expected) this.#defect(`${name}: read as ${eventCount(ending.text)} events`)
  }

  /** Adds what another has counted. */
  add(other: Tally): void {
    this.cases += other.cases
    this.accepted += other.accepted
    this.controls += other.controls
    this.cleanEnds += other.cleanEnds
    this.defects.push(...other.defects)
    for (const [code, count] of other.codes) this.codes.set(code, (this.codes.get(code) ?? 0) + count)
  }

  /** What is known of the whole. */
  describe(): string {
    const codes = [...this.codes].sort().map(([code, count]) => `${code} ${count}`)
    return `${this.cases} damaged, ${this.accepted} accepted (${codes.join(', ')}; ${this.cleanEnds} of the truncated ended cleanly on the wire), ${this.controls} whole`
  }

  #defect(sentence: string): void {
    this.defects.push(sentence)
  }
}

function eventCount(text: string): number {
  return text.split('\n\n').length - 1
}

function readCodes(): ReadonlySet<string> {
  const registry = parse(readFileSync(new URL('../../spec/codes.toml', import.meta.url), 'utf8'))
  const names = Object.entries(registry).flatMap(([layer, reasons]) =>
    typeof reasons === 'object' ? Object.keys(reasons).map((reason) => `${layer}.${reason}`) : [],
  )
  return new Set(names)
}

const stableCodes: ReadonlySet<string> = readCodes()

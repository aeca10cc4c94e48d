import { demand, Refusal } from '../refusal.ts'
import type { Der } from './der.ts'

/** Reads the members of a SEQUENCE one after the other; optional ones are known by their tag. */
export class Fields {
  readonly #code: string
  readonly #values: readonly Der[]
  #next = 0

  constructor(value: Der, expected: number, code: string) {
    demand(value.tag === expected, code, `tag 0x${value.tag.toString(16)} where 0x${expected.toString(16)} stands`)
    this.#values = value.children
    this.#code = code
  }

  get left(): number {
    return this.#values.length - this.#next
  }

  take(...tags: readonly number[]): Der {
    const value = this.optional(...tags)
    if (value === undefined) throw new Refusal(this.#code, `a member with tag 0x${tags[0]?.toString(16)} is missing`)
    return value
  }

  optional(...tags: readonly number[]): Der | undefined {
    const value = this.#values[this.#next]
    if (value === undefined || !tags.includes(value.tag)) return undefined
    this.#next += 1
    return value
  }

  any(): Der {
    const value = this.#values[this.#next]
    if (value === undefined) throw new Refusal(this.#code, 'a member is missing')
    this.#next += 1
    return value
  }

  end(): void {
    demand(this.left === 0, this.#code, 'a member too many')
  }
}

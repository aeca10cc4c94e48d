import { styleText } from 'node:util'
import { isUnexplained, namesOtherRule, type Row } from './compare.ts'
import { verdictOf } from './contract.ts'

type Style = Parameters<typeof styleText>[0]

/** Writes rows as they come, under a heading for each group; colours and a moving line on a terminal alone. */
export class Table {
  readonly #out: NodeJS.WriteStream
  readonly #names: readonly string[]
  readonly #width: number
  readonly #total: number
  #group = ''
  #count = 0

  constructor(
    out: NodeJS.WriteStream,
    names: readonly string[],
    cases: readonly { name: string; variants?: readonly unknown[] }[],
  ) {
    this.#out = out
    this.#names = names
    this.#total = cases.length
    this.#width = Math.min(56, Math.max(4, ...cases.map((subject) => titleOf(subject).length)))
  }

  row(row: Row): void {
    this.#clear()
    this.#count += 1
    const { group, expect, twin } = row.case
    if (group !== this.#group) this.#heading(group)
    const verdicts = row.answers.map((answer) => this.#verdict(verdictOf(answer), expect))
    const codes = namesOtherRule(row) ? row.answers.map(({ code }) => code).join(' | ') : (row.answers[0]?.code ?? '')
    const beside = [row.case.ids.join(' '), twin === undefined ? '' : `≠ ${twin}`]
      .filter((text) => text !== '')
      .join('  ')
    const title = titleOf(row.case).padEnd(this.#width)
    this.#write(
      `${this.#mark(row)} ${title}  ${expect.padEnd(6)}  ${verdicts.join('  ')}  ${codes.padEnd(26)} ${this.#style('dim', beside)}`,
    )
    for (const difference of row.differences) this.#write(this.#style('red', `    ${difference}`))
    if (row.differences.length > 0 && row.explanation !== undefined)
      this.#write(this.#style('yellow', `    explained: ${row.explanation.why}`))
    if (this.#out.isTTY) this.#out.write(`${this.#count}/${this.#total} ${group}`)
  }

  end(): void {
    this.#clear()
  }

  #heading(group: string): void {
    this.#group = group
    const columns = ['expect', ...this.#names.map((name) => name.slice(0, 6).padEnd(6)), 'code'].join('  ')
    this.#write(`\n  ${this.#style('bold', group.padEnd(this.#width))}  ${this.#style('dim', columns)}`)
  }

  #mark(row: Row): string {
    if (isUnexplained(row)) return this.#style('red', '✗')
    return row.differences.length > 0 ? this.#style('yellow', '~') : this.#style('green', '✓')
  }

  #verdict(verdict: string, expected: string): string {
    return verdict === expected || expected === 'agree' ? verdict : this.#style('red', verdict)
  }

  #style(style: Style, text: string): string {
    return this.#out.isTTY && process.env['NO_COLOR'] === undefined ? styleText(style, text) : text
  }

  #clear(): void {
    if (this.#out.isTTY) this.#out.write('\r\u001B[K')
  }

  #write(line: string): void {
    this.#out.write(`${line.trimEnd()}\n`)
  }
}

function titleOf({ name, variants }: { name: string; variants?: readonly unknown[] }): string {
  return variants === undefined ? name : `${name} ×${variants.length + 1}`
}

import { type Use, unitOf } from './uses.ts'

/** The drawn order of one package: each line holds units that may use those of the lines below it. Units that no line names stand below all. */
export interface Order {
  /** The folder `src` of the package, relative to the root. */
  readonly src: string
  readonly lines: readonly (readonly string[])[]
}

/** Reads the order from the block of `docs/ARCHITECTURE.md` that begins with three backticks and the word `order`. */
export function readOrders(document: string): Order[] {
  const block = /^```order\n([^]*?)^```/m.exec(document)?.[1]
  if (block === undefined) throw new Error('the document draws no order')
  const orders: { src: string; lines: string[][] }[] = []
  for (const line of block.split('\n').filter((text) => text.trim() !== ''))
    if (line.startsWith(' ')) orders.at(-1)?.lines.push(line.trim().split(/\s+/))
    else orders.push({ src: line.trim(), lines: [] })
  return orders
}

/** Uses of a unit that stands above, or of another one on the same line. */
export function againstOrder({ lines }: Order, uses: readonly Use[]): Use[] {
  const levels = new Map(lines.flatMap((units, level) => units.map((unit) => [unit, level] as const)))
  const levelOf = (unit: string): number => levels.get(unit) ?? lines.length
  return uses.filter((use) => {
    const [from, to] = [unitOf(use.from, ''), unitOf(use.to, '')]
    if (from === undefined || to === undefined || from === to) return false
    return levelOf(to) < levelOf(from) || (levelOf(to) === levelOf(from) && levels.has(from))
  })
}

/** Units of the order that the package does not have: the drawing is old. */
export function missingUnits({ lines }: Order, paths: readonly string[]): string[] {
  const units = new Set(paths.map((path) => unitOf(path, '')))
  return lines.flat().filter((unit) => !units.has(unit))
}

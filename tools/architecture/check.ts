import type { SourceFile } from '../source/files.ts'
import { circles } from './circles.ts'
import { againstOrder, missingUnits, type Order } from './order.ts'
import { forbidden } from './outside.ts'
import { rustUses } from './rust.ts'
import { typescriptUses } from './typescript.ts'
import type { Uses } from './uses.ts'

/** What a check of all packages found, one sentence for each. */
export interface Findings {
  readonly circles: readonly string[]
  /** Uses against the drawn order, forbidden uses of the outside, and units that are drawn and do not exist. */
  readonly arrows: readonly string[]
}

/** Checks every package with a folder `src` that `files` hold; `orders` are those that the document draws. */
export function checkArchitecture(files: readonly SourceFile[], orders: readonly Order[]): Findings {
  const found: { circles: string[]; arrows: string[] } = { circles: [], arrows: [] }
  const packages = new Set(files.flatMap(({ path }) => /^(.*?\/src)\//.exec(path)?.[1] ?? []))
  for (const order of orders)
    if (!packages.has(order.src)) found.arrows.push(`${order.src}: is drawn and does not exist`)
  for (const src of packages) {
    const own = files
      .filter(({ path }) => path.startsWith(`${src}/`))
      .map(({ path, text }) => ({ path: path.slice(src.length + 1), text }))
    const uses: Uses = own.some(({ path }) => path.endsWith('.rs')) ? rustUses(own) : typescriptUses(own)
    for (const { folder, steps } of circles(uses.inside)) {
      const way = [...steps, ...steps.slice(0, 1)].map(({ unit }) => unit).join(' → ')
      const by = steps.map(({ use }) => `${use.from} uses ${use.to}`).join(', ')
      found.circles.push(`${[src, folder].filter(Boolean).join('/')}: ${way} (${by})`)
    }
    const order = orders.find((one) => one.src === src)
    if (order !== undefined) {
      found.arrows.push(
        ...againstOrder(order, uses.inside).map(
          ({ from, to }) => `${src}: ${from} uses ${to}, against the drawn order`,
        ),
        ...missingUnits(
          order,
          own.map(({ path }) => path),
        ).map((unit) => `${src}: ${unit} is drawn and does not exist`),
      )
    }
    found.arrows.push(...forbidden(src, uses.outside).map(({ from, name }) => `${src}: ${from} must not use ${name}`))
  }
  return found
}

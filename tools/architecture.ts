/**
 * `pnpm check:architecture`: reads what the folders of every `src` use of each other, and compares it with the order that
 * docs/ARCHITECTURE.md draws. Fails where folders depend on each other in a circle, or on something above them.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkArchitecture } from './architecture/check.ts'
import { readOrders } from './architecture/order.ts'
import { sourceFiles } from './source/files.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const orders = readOrders(readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8'))
const files = sourceFiles(root, '*/src/*.rs', '*/src/*.ts', '*/src/*.tsx')
const { circles, arrows } = checkArchitecture(files, orders)
for (const sentence of [...circles, ...arrows]) process.stdout.write(`${sentence}\n`)
process.stdout.write(`${circles.length} circles, ${arrows.length} arrows against the order\n`)
process.exitCode = circles.length + arrows.length === 0 ? 0 : 1

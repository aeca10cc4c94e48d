/** Starts one child as staging does, prints both process ids, and stays. For child.test.ts. */
import { join } from 'node:path'
import { Child } from '../child.ts'

const folder = process.argv[2] ?? '.'
const child = new Child({
  name: 'sleeper',
  command: 'sleep',
  args: ['600'],
  log: join(folder, 'sleeper.log'),
  signal: new AbortController().signal,
})
process.stdout.write(`${process.pid} ${child.pid ?? ''}\n`)

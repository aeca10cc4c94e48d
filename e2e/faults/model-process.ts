/** A model server as a process of its own, which can be killed: `node --import tsx model-process.ts PORT FILE`. FILE gets the id of each run. */
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { answer } from '../failover/counting-upstream.ts'

const [port, file] = process.argv.slice(2)
if (port === undefined || file === undefined) throw new Error('PORT and FILE are expected')
createServer({ noDelay: true })
  // What was written outlives the process, before the answer begins.
  .on('request', (request, response) => answer(request, response, (id) => appendFileSync(file, `${id}\n`)))
  .listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'))

/** Checks outside of this repository start the staging service under the address that it had before. */
import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import '../../../tools/environment.ts'
import * as staging from '../staging.ts'

const earlier = new URL('../../../tools/staging/', import.meta.url)

test('the module at the earlier address is the staging service', async () => {
  const module: unknown = await import(new URL('staging.ts', earlier).href)
  expect(module).toMatchObject({ startStaging: staging.startStaging })
})

test('the program at the earlier address is `npm start`', () => {
  const program = new URL('start.ts', earlier).pathname
  const output = execFileSync(process.execPath, ['--import', 'tsx', program, '--help'], { encoding: 'utf8' })
  expect(output).toContain('Usage: npm start')
})

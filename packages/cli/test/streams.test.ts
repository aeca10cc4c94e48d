import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, openSync } from 'node:fs'
import { expect, inject, it, test } from 'vitest'
import { receiptFile } from '../../../tools/vectors/receipt-file.ts'
import { argumentsOf, file, folder } from './support/run.js'

/** The exit code of the command whose reader of a stream is gone before the first byte. */
async function exitWithout(stream: 'stdout' | 'stderr', ...args: string[]): Promise<unknown[]> {
  const child = spawn(process.execPath, [inject('command'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const other = stream === 'stdout' ? child.stderr : child.stdout
  child[stream].destroy()
  other.resume()
  return (await once(child, 'exit')) as unknown[]
}

it.each([
  ['proven', 0, argumentsOf('ok-ecc')],
  ['refused', 1, [file('reader.refused.json', receiptFile('receipt-swapped'))]],
  ['refused as JSON', 1, [file('reader.refused.json', receiptFile('receipt-swapped')), '--json']],
  ['wrong use as JSON', 2, ['--json']],
  ['undecided as JSON', 3, [file('reader.broken.json', '{'), '--json']],
  ['not judged', 4, [file('reader.unjudged.json', receiptFile('ok-receipt'))]],
])('a reader that is gone leaves the exit code of what is %s at %d', async (_what, code, args) => {
  expect(await exitWithout('stdout', 'verify', ...args)).toEqual([code, null])
})

it('keeps the exit code where nobody reads the errors', async () => {
  expect(await exitWithout('stderr', 'verify')).toEqual([2, null])
  expect(await exitWithout('stderr', 'verify', '/nowhere/at/all')).toEqual([3, null])
})

test('a result that could not be written is not reported as proven', async () => {
  const full = openSync('/dev/full', 'w')
  const codeOf = async (...args: string[]): Promise<unknown> => {
    const child = spawn(process.execPath, [inject('command'), ...args], { stdio: ['ignore', full, 'ignore'] })
    return ((await once(child, 'exit')) as unknown[])[0]
  }
  expect(await codeOf('verify', ...argumentsOf('ok-ecc'))).toBe(3)
  expect(await codeOf('verify', file('full.refused.json', receiptFile('receipt-swapped')))).toBe(1)
})

test('a new file that the disk has no room for does not stay there by half', async () => {
  const key = `${folder}/full.pem`
  // No file may grow beyond 0 bytes: every write fails as on a full disk.
  const program = `ulimit -f 0; exec "$0" "$@"`
  const make = (path: string): string[] => [
    '-c',
    program,
    process.execPath,
    inject('command'),
    'release',
    'keygen',
    path,
  ]
  const child = spawn('bash', make(key), { stdio: 'ignore' })
  expect(await once(child, 'exit')).toEqual([3, null])
  expect(existsSync(key), 'the next attempt finds the name free').toBe(false)
})

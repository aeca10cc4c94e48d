import { expect, test } from 'vitest'
import { EndedEarly } from '../../staging/child.ts'
import { startAgain } from '../start-again.ts'

const panic = new EndedEarly('the machine (QEMU) ended before it was ready.')

test.each<[string, readonly (Error | 'ready')[], Error | 'ready', number]>([
  ['a start that works', ['ready'], 'ready', 1],
  ['a machine that ended by itself', [panic, 'ready'], 'ready', 2],
  ['a machine that ended by itself twice', [panic, panic, 'ready'], panic, 2],
  ['a machine that is too slow', [new Error('was not ready in time'), 'ready'], new Error('was not ready in time'), 1],
])('%s: it is started again once, and only where it ended', async (_, outcomes, end, starts) => {
  const left = [...outcomes]
  const said: string[] = []
  const start = async (): Promise<'ready'> => {
    const next = left.shift()
    if (next instanceof Error) throw next
    return 'ready'
  }
  const ended = await startAgain(start, (message) => said.push(message)).catch((error: unknown) => error)
  expect(ended).toEqual(end)
  expect(outcomes.length - left.length).toBe(starts)
  expect(said).toEqual(starts === 2 ? [`started once more: ${panic.message}`] : [])
})

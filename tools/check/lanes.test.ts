import { expect, it } from 'vitest'
import { drawSpan, runLanes } from './lanes.ts'

it('runs lanes side by side and each in its order', async () => {
  const work = [
    { lane: 'a', name: 'a1' },
    { lane: 'b', name: 'b1' },
    { lane: 'a', name: 'a2' },
  ]
  const log: string[] = []
  const open = new Map<string, () => void>()
  const results = runLanes(work, async ({ name }) => {
    log.push(`${name} began`)
    await new Promise<void>((resolve) => open.set(name, resolve))
    log.push(`${name} ended`)
    return name
  })
  await expect.poll(() => log).toEqual(['a1 began', 'b1 began'])
  open.get('a1')?.()
  await expect.poll(() => log).toEqual(['a1 began', 'b1 began', 'a1 ended', 'a2 began'])
  open.get('a2')?.()
  open.get('b1')?.()
  expect(await results).toEqual(['a1', 'b1', 'a2'])
})

it('draws when something ran', () => {
  expect(drawSpan({ fromMs: 0, toMs: 50 }, 100, 10)).toBe('█████     ')
  expect(drawSpan({ fromMs: 99, toMs: 99 }, 100, 10)).toBe('         █')
})

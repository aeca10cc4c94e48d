import { expect, it } from 'vitest'
import { Slots } from '../src/slots.ts'

const never: AbortSignal = new AbortController().signal

it('serves those who wait in the order of their coming', async () => {
  const slots = new Slots(['only'])
  const order: number[] = []
  const turns = [1, 2, 3].map(async (who) => {
    const slot = await slots.take(never)
    order.push(who)
    slots.giveBack(slot)
  })
  await Promise.all(turns)
  expect(order).toEqual([1, 2, 3])
  expect(slots.free).toBe(1)
})

it('passes over one who has left, and loses no slot by it', async () => {
  const slots = new Slots(['only'])
  const held = await slots.take(never)
  const leaver = new AbortController()
  const left = slots.take(leaver.signal)
  const stayed = slots.take(never)
  leaver.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  slots.giveBack(held)
  expect(await stayed).toBe('only')
})

it('refuses one who had left before', async () => {
  await expect(new Slots(['free']).take(AbortSignal.abort(new Error('left')))).rejects.toThrow('left')
})

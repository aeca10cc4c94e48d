import { mkdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { stateFile } from '../src/verify/state-file.js'
import { at } from './support/signing.js'

const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)]

it('a file that is not there is a first visit, and holds afterwards what was stored', async () => {
  const keeper = stateFile(at('kept.state'))
  expect(await keeper.load()).toBeUndefined()
  expect(await keeper.store(one, undefined)).toBe(true)
  expect(await keeper.load()).toEqual(one)
})

it('replaces nothing that another run stored meanwhile', async () => {
  const keeper = stateFile(at('shared.state'))
  await keeper.store(one, undefined)
  expect(await keeper.store(two, undefined)).toBe(false)
  expect([...readFileSync(at('shared.state'))]).toEqual([1])
  expect(await keeper.store(two, one)).toBe(true)
  expect([...readFileSync(at('shared.state'))]).toEqual([2])
})

it('a file that cannot be read is no first visit', async () => {
  mkdirSync(at('folder.state'))
  await expect(stateFile(at('folder.state')).load()).rejects.toMatchObject({ code: 'cli.file' })
})

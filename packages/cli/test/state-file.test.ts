import { mkdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { stateFile } from '../src/verify/state-file.js'
import { at } from './support/signing.js'

const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)]

it('a file that is not there is a first visit, and holds afterwards what was stored', async () => {
  const store = stateFile(at('kept.state'))
  expect(await store.load()).toBeUndefined()
  expect(await store.store(one, undefined)).toBe(true)
  expect(await store.load()).toEqual(one)
})

it('replaces nothing that another run stored meanwhile', async () => {
  const store = stateFile(at('shared.state'))
  await store.store(one, undefined)
  expect(await store.store(two, undefined)).toBe(false)
  expect([...readFileSync(at('shared.state'))]).toEqual([1])
  expect(await store.store(two, one)).toBe(true)
  expect([...readFileSync(at('shared.state'))]).toEqual([2])
})

it('a file that cannot be read is no first visit', async () => {
  mkdirSync(at('folder.state'))
  await expect(stateFile(at('folder.state')).load()).rejects.toMatchObject({ code: 'cli.file' })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { differenceOf, differencesOf } from '../build/compare.ts'
import type { Content } from '../build/contents.ts'
import { readNewc } from '../build/newc.ts'
import { bars, exceeded, sizesOf } from '../build/sizes.ts'

const file: Content = { part: 'initrd', path: 'init', size: 3, sha256: 'ab', mode: '555', package: 'blindllama-init' }
const server: Content = { ...file, part: 'model disk', path: 'llama-server', size: 100, package: 'node-llama-cpp' }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'blindllama-check-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** Two files; undefined: the lines that tell them apart. */
async function compared(one: Buffer, other: Buffer): Promise<string[]> {
  const [a, b] = [join(folder, 'one'), join(folder, 'other')]
  await writeFile(a, one)
  await writeFile(b, other)
  return differenceOf({ name: 'the image', one: a, other: b })
}

describe('the comparison of two builds', () => {
  it('says nothing of the same bytes', async () => {
    expect(await compared(Buffer.from('same'), Buffer.from('same'))).toEqual([])
  })

  it('finds one changed byte, also behind the first mebibyte', async () => {
    const one = Buffer.alloc((1 << 20) + 10)
    const other = Buffer.from(one)
    other[(1 << 20) + 7] = 1
    const [line] = await compared(one, other)
    expect(line).toContain('1048586 bytes each; different: 1 bytes, the first at 1048583')
  })

  it('tells a longer file from a shorter one', async () => {
    expect(await compared(Buffer.from('ab'), Buffer.from('abc'))).toEqual([
      expect.stringContaining('2 and 3 bytes; different: the longer one begins with the shorter one'),
    ])
  })

  it('names each content that differs, and how', () => {
    expect(differencesOf([file], [file])).toEqual([])
    expect(differencesOf([file], [{ ...file, sha256: 'cd', mode: '755' }])).toEqual([
      'initrd: init: sha256 ab and cd',
      'initrd: init: mode 555 and 755',
    ])
    expect(differencesOf([file], [])).toEqual(['initrd: init: only in the first build'])
    expect(differencesOf([], [server])).toEqual(['model disk: llama-server: only in the second build'])
  })
})

describe('the bars of the sizes', () => {
  it('count the model server, and leave the model out', () => {
    const model: Content = { ...server, path: 'model.gguf', size: 1_000_000_000, package: 'a-model' }
    expect(sizesOf(1000, [file, server, model], 'a-model')).toEqual({ image: 1000, withoutModel: 1100 })
  })

  it('cannot be kept by leaving the model server out', () => {
    expect(() => sizesOf(1000, [file], 'a-model')).toThrow('no model server')
  })

  it('refuse one byte more', () => {
    expect(exceeded(bars)).toEqual([])
    expect(exceeded({ ...bars, image: bars.image + 1 })).toEqual([
      'The image without model and model server has 24000001 bytes, at most 24000000 are allowed.',
    ])
    expect(exceeded({ ...bars, withoutModel: bars.withoutModel + 1 })).toHaveLength(1)
  })
})

const padded = (text: string): Buffer => Buffer.from(text + '\0'.repeat(-text.length & 3))

/** A file of an archive. */
function record(path: string, content: string, mode = 0o100_644): Buffer {
  const fields = [1, mode, 0, 0, 1, 7, content.length, 0, 0, 0, 0, path.length + 1, 0]
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`
  return Buffer.concat([padded(`${header}${path}\0`), padded(content)])
}

describe('an archive of files', () => {
  const end = record('TRAILER!!!', '')

  it('gives each file with its mode', () => {
    const entries = readNewc(Buffer.concat([record('./a', 'hello'), record('b/c', '', 0o40_755), end, Buffer.alloc(8)]))
    expect(entries.map(({ path, mode, content }) => [path, mode, content.toString()])).toEqual([
      ['a', 0o100_644, 'hello'],
      ['b/c', 0o40_755, ''],
    ])
  })

  it('is refused where bytes follow it, where it is cut off, and where it is none', () => {
    const whole = Buffer.concat([record('a', 'hello'), end])
    expect(() => readNewc(Buffer.concat([whole, whole]))).toThrow("Bytes follow the archive's end")
    expect(() => readNewc(whole.subarray(0, 116))).toThrow('cut off')
    expect(() => readNewc(record('a', 'hello'))).toThrow('no header')
    expect(() => readNewc(Buffer.from('#!/bin/sh'))).toThrow('no header at byte 0')
  })
})

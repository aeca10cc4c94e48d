import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import '../../../tools/environment.ts'
import { hashFile, hashFolder } from '../measure.ts'
import { testFolder } from './folder.ts'

function shell(folder: string, command: string): string {
  return execFileSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' }).slice(0, 64)
}

it('gives a file the digest that sha256sum gives it, and says how far it is', async () => {
  const folder = testFolder()
  writeFileSync(join(folder, 'file'), Buffer.alloc(3_000_000, 7))
  const shares: number[] = []
  expect(await hashFile(join(folder, 'file'), (share) => shares.push(share))).toBe(shell(folder, 'sha256sum file'))
  expect(shares.at(-1)).toBe(1)
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
})

it('gives a folder the digest that find, sort and sha256sum give it', async () => {
  const folder = testFolder()
  mkdirSync(join(folder, 'b/deep'), { recursive: true })
  for (const name of ['b/deep/x', 'b/Y', 'a', 'B']) writeFileSync(join(folder, name), name)
  const command = String.raw`find . -type f | sed 's|^\./||' | LC_ALL=C sort | xargs sha256sum | sha256sum`
  expect(await hashFolder(folder)).toBe(shell(folder, command))
})

it('notices a file that is moved within a folder', async () => {
  const [one, other] = [testFolder(), testFolder()]
  writeFileSync(join(one, 'a'), 'same')
  writeFileSync(join(other, 'b'), 'same')
  expect(await hashFolder(one)).not.toBe(await hashFolder(other))
})

import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { seed } from './seed.ts'

const hash = (digit: string): string => digit.repeat(16)

test('what others compiled is taken over with its times, our own crates are not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'seed-'))
  const [from, to] = [join(folder, 'from'), join(folder, 'to')]
  const files = [
    `.fingerprint/aes-${hash('a')}/lib-aes`,
    `.fingerprint/ours-${hash('b')}/lib-ours`,
    `build/sys-${hash('c')}/out/object`,
    `deps/libaes-${hash('a')}.rlib`,
    `deps/libours-${hash('b')}.rlib`,
  ]
  for (const file of files) {
    mkdirSync(dirname(join(from, file)), { recursive: true })
    writeFileSync(join(from, file), file)
    utimesSync(join(from, file), 1000, 1000)
  }
  seed(from, to, ['ours'])
  expect(files.filter((file) => existsSync(join(to, file)))).toEqual([files[0], files[2], files[3]])
  for (const index of [0, 2, 3]) expect(statSync(join(to, files[index] ?? '')).mtimeMs).toBe(1_000_000)
  // Cargo writes into a fingerprint: the copy's is its own.
  writeFileSync(join(to, files[0] ?? ''), 'other')
  expect(readFileSync(join(from, files[0] ?? ''), 'utf8')).toBe(files[0])
  seed(join(folder, 'nowhere'), join(folder, 'new'), [])
  expect(existsSync(join(folder, 'new'))).toBe(false)
})

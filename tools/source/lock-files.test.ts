import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import '../environment.ts'
import { sourceFiles } from './files.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const locks = sourceFiles(root, '*Cargo.lock').map(({ path }) => path)

test('the lock files of the workspace and of both fuzz folders are found', () => {
  expect(locks).toEqual(['Cargo.lock', 'packages/gateway/fuzz/Cargo.lock', 'packages/verifier-wasm/fuzz/Cargo.lock'])
})

// The fuzz folders are workspaces of their own: no other build reads their lock files, and a locked build of theirs takes minutes.
test.each(locks)(
  '%s locks what its manifest needs today',
  (lock) => {
    const words = ['metadata', '--locked', '--format-version', '1', '--manifest-path', 'Cargo.toml']
    const run = (): string =>
      execFileSync('cargo', words, {
        cwd: join(root, dirname(lock)),
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
        timeout: 120_000,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
    expect(run).not.toThrow()
  },
  150_000,
)

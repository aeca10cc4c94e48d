/**
 * `pnpm audit:client [--commit HEAD] [--published FILE.tgz]`: rebuilds the SDK of a commit in a folder of its own, and compares every
 * script and the WebAssembly with those of a published tarball; without one, with those that this checkout has built. Prints the SHA-256
 * of each file, and the value of `integrity` (SRI) of the drop-in scripts. Ends with 1 where a file differs.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareFiles, differences, type Files, filesIn } from './audit/compare.ts'
import { rebuildSdk } from './audit/rebuild.ts'
import { integrity } from './release-check/tarball.ts'
import { assertOk } from './run/assert-ok.ts'
import { runCommand } from './run/command.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const { commit, published } = parseArgs({
  options: { commit: { type: 'string', default: 'HEAD' }, published: { type: 'string' } },
}).values
const scratch: string = await mkdtemp(join(tmpdir(), 'blindllama-audit-'))
try {
  const theirs =
    published === undefined ? await filesIn(join(root, 'packages/web-sdk/dist'), 'dist') : await unpacked(published)
  const own = await rebuildSdk(root, commit, scratch)
  const rows = compareFiles(own, theirs)
  const wrong = differences(rows)
  for (const { path, rebuilt } of rows) {
    const content = /^dist\/blindllama(?:-post-quantum)?\.js$/.test(path) ? own.get(path) : undefined
    process.stdout.write(`${rebuilt ?? '-'.repeat(64)}  ${path}${content ? `  ${integrity(content)}` : ''}\n`)
  }
  for (const row of wrong)
    process.stdout.write(
      `${row.path} differs: rebuilt ${row.rebuilt ?? 'not at all'}, published ${row.published ?? 'not at all'}. Do not use it before its publisher explains the difference\n`,
    )
  process.stdout.write(`${rows.length - wrong.length} passed, ${wrong.length} failed\n`)
  if (wrong.length > 0 || rows.length === 0) process.exitCode = 1
} finally {
  await rm(scratch, { recursive: true, force: true })
}

/** The files of a tarball of a registry, in which every path begins with `package/`. */
async function unpacked(tarball: string): Promise<Files> {
  const folder = join(scratch, 'published')
  await mkdir(folder)
  assertOk('tar', await runCommand(['tar', '-xzf', tarball, '-C', folder], { cwd: root, timeoutMs: 60_000 }))
  return filesIn(join(folder, 'package/dist'), 'dist')
}

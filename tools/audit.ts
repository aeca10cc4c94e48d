/**
 * `pnpm audit:client [--commit HEAD] [--published FILE.tgz] [--manifest FILE --policy FILE [--key-set FILE …] [--proof FILE]]`: rebuilds the
 * SDK of a commit in a folder of its own, and compares every script and the WebAssembly with those of a published tarball; without one,
 * with those that this checkout has built. With a client manifest (PROTOCOL.md §19.8) its signatures and its place in the log are verified
 * first, by the keys of the policy, and the rebuilt files are compared with it too. Prints the SHA-256 of each file, and the value of
 * `integrity` (SRI) of the drop-in scripts. Ends with 1 where a file differs.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { compareFiles, differences, type Files, filesIn } from './audit/compare.ts'
import { manifestFaults, verifiedManifest } from './audit/manifest.ts'
import { rebuildSdk } from './audit/rebuild.ts'
import { integrity } from './release-check/tarball.ts'
import { assertOk } from './run/assert-ok.ts'
import { runCommand } from './run/command.ts'
import './environment.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const {
  commit,
  published,
  manifest,
  policy,
  proof,
  'key-set': keySets = [],
} = parseArgs({
  options: {
    commit: { type: 'string', default: 'HEAD' },
    published: { type: 'string' },
    manifest: { type: 'string' },
    policy: { type: 'string' },
    proof: { type: 'string' },
    'key-set': { type: 'string', multiple: true },
  },
}).values
if ((manifest === undefined) !== (policy === undefined))
  throw new Error('--manifest FILE and --policy FILE belong together: a manifest counts by the keys of a policy alone')
const scratch: string = await mkdtemp(join(tmpdir(), 'blindllama-audit-'))
try {
  // Before minutes are spent on a build.
  if (manifest !== undefined) progress(`verifying the signatures of ${manifest}`)
  const signed =
    manifest === undefined || policy === undefined
      ? undefined
      : await verifiedManifest({ manifest, policy, keySets, proof })
  const theirs =
    published === undefined ? await filesIn(join(root, 'packages/web-sdk/dist'), 'dist') : await unpacked(published)
  progress(`rebuilding ${commit} from source and lock files: 2 to 10 minutes`)
  const own = await rebuildSdk(root, commit, scratch, progress)
  const rows = compareFiles(own, theirs)
  const wrong = differences(rows)
  for (const { path, rebuilt } of rows) {
    const content = /^dist\/blindllama(?:-post-quantum)?\.js$/.test(path) ? own.get(path) : undefined
    process.stdout.write(`${rebuilt ?? '-'.repeat(64)}  ${path}${content ? `  ${integrity(content)}` : ''}\n`)
  }
  const faults = wrong.map(
    (row) =>
      `${row.path} differs: rebuilt ${row.rebuilt ?? 'not at all'}, published ${row.published ?? 'not at all'}. Do not use it before its publisher explains the difference`,
  )
  if (signed !== undefined) {
    process.stdout.write(`Signed manifest: ${signed.name}, ${signed.files.length} files\n`)
    faults.push(...manifestFaults(signed, own, await idOf(commit)))
  }
  for (const fault of faults) process.stdout.write(`${fault}\n`)
  process.stdout.write(`${rows.length - wrong.length} passed, ${faults.length} failed\n`)
  if (faults.length > 0 || rows.length === 0) process.exitCode = 1
} finally {
  await rm(scratch, { recursive: true, force: true })
}

/** A line for a person who waits; standard output has the result alone. */
function progress(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** The id of a commit, hexadecimal. */
async function idOf(name: string): Promise<string> {
  const words = ['rev-parse', '--verify', `${name}^{commit}`]
  const { stdout } = await promisify(execFile)('git', words, { cwd: root, timeout: 20_000 })
  return stdout.trim()
}

/** The files of a tarball of a registry, in which every path begins with `package/`. */
async function unpacked(tarball: string): Promise<Files> {
  const folder = join(scratch, 'published')
  await mkdir(folder)
  assertOk('tar', await runCommand(['tar', '-xzf', tarball, '-C', folder], { cwd: root, timeoutMs: 60_000 }))
  return filesIn(join(folder, 'package/dist'), 'dist')
}

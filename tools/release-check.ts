/**
 * Packs every published package as a registry would get it, and prints names, versions, sizes and hashes. Ends with 1 where a tarball
 * must not be published: a file is missing or too many, or its types do not work for an application.
 *
 *     pnpm release:check [--json]
 *
 * Reads what `pnpm build` made. Publishes nothing.
 */
import { mkdtemp, mkdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compileApplication } from './release-check/application.ts'
import { faults, published } from './release-check/faults.ts'
import { integrity, pack, sha256, type Tarball } from './release-check/tarball.ts'
import { runCommand } from './run/command.ts'

const root: string = fileURLToPath(new URL('..', import.meta.url))
const bin = (name: string): string => join(root, 'tools/node_modules/.bin', name)
const { json } = parseArgs({ options: { json: { type: 'boolean', default: false } } }).values
const scratch: string = await mkdtemp(join(tmpdir(), 'blindllama-release-'))

/** What others' checkers of packages say; they end with 0 where nothing is wrong. */
async function judgedByOthers({ path, manifest }: Tarball): Promise<string[]> {
  const commands = [[bin('publint'), '--strict', path]]
  if (manifest.exports !== undefined) {
    const untyped = Object.keys(manifest.exports).filter((entry) => /script|\.wasm$/.test(entry))
    const excluded = untyped.length > 0 ? ['--exclude-entrypoints', ...untyped] : []
    commands.push([bin('attw'), path, '--profile', 'esm-only', ...excluded])
  }
  const said: string[] = []
  for (const command of commands) {
    const { ok, output } = await runCommand(command, { cwd: root, timeoutMs: 120_000 })
    if (!ok) said.push(`${basename(command[0] ?? '')}: ${output.trim()}`)
  }
  return said
}

const reports: object[] = []
try {
  const license = await readFile(join(root, 'LICENSE'), 'utf8')
  for (const what of published) {
    const own = join(scratch, basename(what.folder))
    await mkdir(own)
    const tarball = await pack(join(root, what.folder), own)
    const { manifest, files } = tarball
    const bytes = await readFile(tarball.path)
    const wrong = [...faults(tarball, what, license), ...(await judgedByOthers(tarball))]
    if (manifest.name === '@blindllama/web-sdk') {
      await mkdir(join(own, 'application'))
      wrong.push(...(await compileApplication(tarball, join(root, what.folder), join(own, 'application'))))
    }
    const each = [...files].map(([path, content]) => ({ path, content }))
    reports.push({
      name: manifest.name,
      version: manifest.version,
      files: files.size,
      packedBytes: bytes.length,
      unpackedBytes: each.reduce((sum, { content }) => sum + content.length, 0),
      sha256: sha256(bytes),
      wasm: each
        .filter(({ path }) => path.endsWith('.wasm'))
        .map(({ path, content }) => ({ path, sha256: sha256(content) })),
      scripts: each
        .filter(({ path }) => /^dist\/blindllama(-post-quantum)?\.js$/.test(path) && manifest.exports !== undefined)
        .map(({ path, content }) => ({ path, integrity: integrity(content) })),
      wrong,
    })
    if (wrong.length > 0) process.exitCode = 1
    if (!json)
      process.stdout.write(
        `${Object.entries(reports.at(-1) as object)
          .map(([name, value]) => lineOf(name, value))
          .join('')}\n`,
      )
  }
} finally {
  await rm(scratch, { recursive: true, force: true })
}
if (json) process.stdout.write(`${JSON.stringify(reports)}\n`)

function lineOf(name: string, value: unknown): string {
  const rows = Array.isArray(value)
    ? value.map((row: unknown) => (typeof row === 'string' ? row : Object.values(row as object).join('  ')))
    : [String(value)]
  return rows.map((row) => `${name.padEnd(14)}${row}\n`).join('')
}

/**
 * `pnpm leakage [--write | --check]`: measures what an observer of the encrypted traffic learns, and prints it; `--write`
 * puts it into docs/LEAKAGE.md, `--check` fails where that says something else.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startStaging } from '../services/staging/staging.ts'
import { measureLeakage } from './leakage/measure.ts'
import { describe } from './leakage/table.ts'
import { writeSdkPage } from './support/sdk-page.ts'
import { RestartableUpstream } from './support/upstream/restartable-upstream.ts'

const page = new URL('../docs/LEAKAGE.md', import.meta.url)
const [begin, end] = ['<!-- measured by `pnpm leakage --write` -->', '<!-- end of what is measured -->'] as const
const { write, check } = parseArgs({ options: { write: { type: 'boolean' }, check: { type: 'boolean' } } }).values

async function measure(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-leakage-'))
  const abort = new AbortController()
  try {
    const upstream = await RestartableUpstream.start(folder, abort.signal)
    const staging = await startStaging({ upstream: upstream.url, page: await writeSdkPage(folder) })
    try {
      return describe(await measureLeakage(staging))
    } finally {
      await staging.stop()
    }
  } finally {
    abort.abort()
    await rm(folder, { recursive: true, force: true })
  }
}

const measured: string = await measure()
process.stdout.write(`${measured}\n`)
if (write === true || check === true) {
  const text = await readFile(page, 'utf8')
  const [before, after] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
  if (before < begin.length || after < before) throw new Error('docs/LEAKAGE.md has no place for what is measured')
  const updated = `${text.slice(0, before)}\n\n${measured}\n\n${text.slice(after)}`
  if (write === true) await writeFile(page, updated)
  else if (updated !== text) {
    process.stderr.write('docs/LEAKAGE.md says something else. Run: pnpm leakage --write\n')
    process.exitCode = 1
  }
}

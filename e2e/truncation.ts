/**
 * `pnpm test:truncation [--json] [--only recorded|proxied]`: damages answers of the real gateway and demands that none is
 * taken for whole: recorded ones cut at every byte and rearranged in every way, and live ones that break off behind stock proxies.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startStaging } from '../services/staging/staging.ts'
import { makeCertificate } from './support/proxies/certificate.ts'
import { RestartableUpstream } from './support/upstream/restartable-upstream.ts'
import { readThroughProxies } from './truncation/proxied.ts'
import { ChromiumReader } from './truncation/readers.ts'
import { readRecordings } from './truncation/recorded.ts'
import { Tally } from './truncation/tally.ts'

const { json, only } = parseArgs({ options: { json: { type: 'boolean' }, only: { type: 'string' } } }).values
const undo: (() => Promise<unknown>)[] = []
const abort = new AbortController()
const total = new Tally()

/** Runs one part and says how it went. */
async function part(name: 'recorded' | 'proxied', run: (tally: Tally) => Promise<void>): Promise<void> {
  if (only !== undefined && only !== name) return
  const tally = new Tally()
  await run(tally)
  process.stdout.write(`${name}: ${tally.describe()}\n`)
  total.add(tally)
}

try {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-truncation-'))
  undo.push(async () => rm(folder, { recursive: true, force: true }))
  const certificate = await makeCertificate(folder)
  const chromium = await ChromiumReader.start(folder, certificate.spki)
  undo.push(async () => chromium.stop())
  const upstream = await RestartableUpstream.start(folder, abort.signal)
  const staging = await startStaging({ upstream: upstream.url, page: join(folder, 'page'), origins: [chromium.origin] })
  undo.push(async () => staging.stop())
  // Before the recordings, which pin the keys of this process.
  await part('proxied', async (tally) =>
    readThroughProxies({ folder, certificate, chromium, upstream, staging, signal: abort.signal }, tally),
  )
  await part('recorded', async (tally) => readRecordings(staging, tally))
} finally {
  for (const step of undo.toReversed()) await step()
  abort.abort()
}

const { cases, accepted, controls, defects } = total
for (const sentence of defects.slice(0, 20)) process.stdout.write(`  ${sentence}\n`)
process.stdout.write(`${cases + controls - defects.length} passed, ${defects.length} failed\n`)
if (json === true) process.stdout.write(`${JSON.stringify({ cases, accepted, controls, defects: defects.length })}\n`)
process.exitCode = defects.length === 0 && cases > 0 && controls > 0 ? 0 : 1

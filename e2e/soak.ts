/**
 * `pnpm soak [--minutes 15]`: mixed load on the real gateway, whose memory and open files must not grow.
 *
 * Clients of the built SDK stream, ask for whole answers, abort, upload and come anew, while the upstream is killed and started again
 * and certificates are read anew. Keys live for a minute and memories of requests are small, so that each turns over many times. The
 * last line is one JSON object; exit code 1 when something grew, or an answer failed that nothing had touched.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { fewestSamples, judge, sampleOf, type Sample } from './soak/samples.ts'
import { startStaging } from '../services/staging/staging.ts'
import { Load } from './soak/load.ts'
import { loadSdk } from './support/load-sdk.ts'
import { RestartableUpstream } from './support/upstream/restartable-upstream.ts'

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '15' } } })
const minutes = Number(values.minutes)
if (!(minutes >= 0.5 && minutes <= 24 * 60)) {
  process.stderr.write('--minutes must be a number from 0.5 to 1440\n')
  process.exit(2)
}

/** The gateway's settings: everything that it remembers for a while is forgotten many times in a quarter of an hour. */
const gateway = {
  channel: {
    epoch_ms: 60_000,
    grace_ms: 30_000,
    date_window_ms: 30_000,
    replay_capacity: 16_384,
    idempotency_capacity: 16_384,
  },
  upstream: { routes: ['POST /v1/chat/completions', 'POST /v1/files', 'GET /v1/models'] },
}
const sampleEveryMs = Math.min(5000, (minutes * 60_000) / 24)
const outageEveryMs = Math.min(20_000, (minutes * 60_000) / 4)
const mebibytes = (kibibytes: number): string => `${(kibibytes / 1024).toFixed(1)} MiB`
const undo: (() => Promise<unknown>)[] = []
const abort = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

try {
  const folder = await mkdtemp(join(tmpdir(), 'blindllama-soak-'))
  undo.push(async () => rm(folder, { recursive: true, force: true }))
  const upstream = await RestartableUpstream.start(folder, abort.signal)
  const page = join(folder, 'page')
  await mkdir(page)
  const staging = await startStaging({ upstream: upstream.url, page, gateway })
  undo.push(async () => staging.stop())
  const pid = staging.processes.gateway.pid ?? 0
  const startedMs = performance.now()
  const sample = (): Sample => sampleOf(pid, performance.now() - startedMs)
  const samples: Sample[] = []
  const before = sample()

  const load = new Load(await loadSdk(), staging)
  load.start('stream', 6)
  load.start('whole', 2)
  load.start('abort', 2)
  load.start('upload', 1)
  load.start('visit', 2)
  let nextOutageMs = startedMs + outageEveryMs
  const endMs = startedMs + minutes * 60_000
  // A busy machine takes fewer samples in the same time than it has to be judged by.
  while (performance.now() < endMs || samples.length < fewestSamples) {
    await sleep(sampleEveryMs)
    samples.push(sample())
    if (performance.now() < nextOutageMs || performance.now() > endMs - 5000) continue
    nextOutageMs += outageEveryMs
    const outage = { fromMs: performance.now(), toMs: Number.POSITIVE_INFINITY }
    load.outages.push(outage)
    await upstream.kill()
    process.kill(pid, 'SIGHUP')
    await sleep(500)
    await upstream.ensureRunning()
    outage.toMs = performance.now()
  }
  await load.stop()
  // Kept connections end within the header timeout of the gateway, and a little later where the machine is busy.
  let after = sample()
  for (let waited = 0; waited < 40 && after.files > before.files; waited++) {
    await sleep(500)
    after = sample()
  }

  const growth = judge(before, samples, after)
  const faults = [...growth.faults, ...load.faults]
  for (const [what, count] of Object.entries(load.tally).toSorted()) process.stdout.write(`${what}: ${count}\n`)
  const [begin, end] = growth.memoryKiB
  process.stdout.write(
    `memory: ${mebibytes(begin)}, then ${mebibytes(end)} (at most ${mebibytes(growth.memoryLimitKiB)}; highest ${mebibytes(growth.mostMemoryKiB)})\n` +
      `open files: ${growth.files[0]} before, ${growth.files[1]} at most, ${growth.files[2]} after (at most ${growth.filesLimit})\n` +
      `upstream restarts: ${load.outages.length}\n`,
  )
  for (const fault of faults) process.stdout.write(`FAULT: ${fault}\n`)
  process.stdout.write(
    `${JSON.stringify({
      ok: faults.length === 0,
      minutes,
      cores: cpus().length,
      load: loadavg()[0],
      outages: load.outages.length,
      tally: load.tally,
      ...growth,
      faults,
    })}\n`,
  )
  process.exitCode = faults.length === 0 ? 0 : 1
} finally {
  for (const step of undo.toReversed()) await step()
  abort.abort()
}

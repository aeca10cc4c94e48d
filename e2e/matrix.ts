/**
 * `pnpm test:matrix [--json] [--quick] [--only TEXT] [--keep]`: installs the packed SDK in fresh applications, one for each bundler and
 * runtime, and demands of each a verified, streamed answer of a staging service.
 *
 * --quick runs the part that needs few packages, as `npm test` does; --keep leaves the applications.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from '@playwright/test'
import { freePorts } from '../services/staging/ports.ts'
import { startStaging } from '../services/staging/staging.ts'
import { pack } from '../tools/release-check/tarball.ts'
import { killRunning } from '../tools/run/command.ts'
import { makeProject, type Service } from './matrix/project.ts'
import { fault, type Context, type Outcome, type Target } from './matrix/target.ts'
import { bundlerTargets } from './matrix/targets/bundlers.ts'
import { nextTargets } from './matrix/targets/next.ts'
import { pageTargets } from './matrix/targets/pages.ts'
import { programTargets } from './matrix/targets/programs.ts'
import { viteTargets } from './matrix/targets/vite.ts'
import { vitestTargets } from './matrix/targets/vitest.ts'

const targetMs = 240_000

const { json, quick, only, keep } = parseArgs({
  options: {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
    only: { type: 'string' },
    keep: { type: 'boolean' },
  },
}).values
const all: readonly Target[] = [
  programTargets,
  pageTargets,
  bundlerTargets,
  viteTargets,
  vitestTargets,
  nextTargets,
].flat()
const targets: readonly Target[] = all.filter(
  ({ name, isQuick }) => (quick !== true || isQuick === true) && (only === undefined || name.includes(only)),
)

const undo: (() => unknown)[] = []
let passed = 0

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    killRunning()
    process.exit(130)
  })

try {
  const root = await mkdtemp(join(tmpdir(), 'blindllama-matrix-'))
  if (keep !== true) undo.push(async () => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'packed'))
  const { path: tarball } = await pack(
    fileURLToPath(new URL('../packages/web-sdk', import.meta.url)),
    join(root, 'packed'),
  )
  const ports = await freePorts(targets.length)
  const staging = await startStaging({ origins: ports.map((port) => `http://127.0.0.1:${port}`) })
  undo.push(async () => staging.stop())
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  undo.push(async () => browser.close())
  const service: Service = { url: staging.url, policy: staging.policy, model: staging.model }
  const projects = new Map<string, Promise<string>>()
  const serviceOrigin = new URL(staging.url).origin
  for (const [index, target] of targets.entries()) {
    const started = performance.now()
    const { app } = target
    const project = projects.get(app.name) ?? makeProject(app, root, tarball, service)
    projects.set(app.name, project)
    const outcome = await inTime(target.timeoutMs ?? targetMs, async (own): Promise<Outcome> => {
      const port = ports[index] ?? 0
      return target.run({ folder: await project, port, serviceOrigin, browser, undo: own })
    })
    const wrong = fault(outcome)
    if (wrong === undefined) passed += 1
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6)
    process.stdout.write(
      `${wrong === undefined ? 'ok    ' : 'FAILED'} ${seconds} s  ${target.name}\n${indented(wrong)}`,
    )
  }
} finally {
  for (const step of undo.toReversed()) await step()
}

/** A target that throws or takes too long has failed; what it started ends with it. */
async function inTime(ms: number, work: (own: Context['undo']) => Promise<Outcome>): Promise<Outcome> {
  const own: Context['undo'] = []
  let timer: NodeJS.Timeout | undefined
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`took longer than ${ms / 1000} s`)), ms)
    })
    return await Promise.race([work(own), late])
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  } finally {
    clearTimeout(timer)
    for (const step of own.toReversed()) await step()
  }
}

function indented(text: string | undefined): string {
  return text === undefined ? '' : `${text.replaceAll(/^/gm, '          ')}\n`
}

process.stdout.write(`${passed} passed, ${targets.length - passed} failed\n`)
if (json === true) process.stdout.write(`${JSON.stringify({ runtimes: targets.length, passed })}\n`)
process.exit(passed === targets.length && passed > 0 ? 0 : 1)

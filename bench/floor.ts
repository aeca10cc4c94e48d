/**
 * Compares ratios of one run with bars, and fails where one is beyond twice its bar's distance: what no noise does, and a lost build
 * setting always.
 *
 *     node --import tsx bench/floor.ts [--small]
 *
 * With `--small` the crates of arithmetic are built for size, as the gateway once was by inheritance; it then passes where the floor
 * notices.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { parse } from 'smol-toml'
import { killRunning } from '../tools/run/command.ts'
import { buildLoad, buildSmall, measureLoad, measureNode } from './floor/measure.js'
import { describe, rowsOf } from './floor/rows.js'

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    killRunning()
    process.exit(130)
  })
}

/** The crates that the module's profile makes small. */
function smallCrates(): string[] {
  const manifest = parse(readFileSync(new URL('../Cargo.toml', import.meta.url), 'utf8')) as unknown as {
    readonly profile: { readonly release: { readonly package: Readonly<Record<string, unknown>> } }
  }
  return Object.keys(manifest.profile.release.package)
}

async function holds(): Promise<boolean> {
  await buildLoad()
  const { crypto, events } = await measureLoad('floor')
  const rows = rowsOf({ ...crypto, events, ...(await measureNode()) })
  for (const row of rows) process.stdout.write(`${describe(row)}\n`)
  const fallen = rows.filter((row) => row.fallen).length
  process.stdout.write(`${rows.length - fallen} passed, ${fallen} failed\n`)
  return fallen === 0
}

/** Whether the floor falls under the old profile; the build of the right one is put back. */
async function falls(): Promise<boolean> {
  try {
    await buildSmall(smallCrates())
    const { crypto } = await measureLoad('crypto')
    const rest = { events: 1, seal: 1, verifyMs: 1, sha256Ms: 1 }
    const fallen = rowsOf({ ...crypto, ...rest }).filter((row) => row.fallen)
    for (const row of fallen) process.stdout.write(`${describe(row)}\n`)
    process.stdout.write(fallen.length > 0 ? '1 passed, 0 failed\n' : '0 passed, 1 failed: no row has fallen\n')
    return fallen.length > 0
  } finally {
    await buildSmall([])
  }
}

const { small } = parseArgs({ options: { small: { type: 'boolean' } } }).values
process.exit((await (small === true ? falls() : holds())) ? 0 : 1)

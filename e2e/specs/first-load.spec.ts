import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { artifacts } from '../../services/staging/artifacts.ts'
import type { Tab } from '../support/tab.ts'
import { expect, test } from '../support/test.ts'

/** Bytes (gzip) that the page may load until its service is verified. `pnpm size` demands the same of the built files. */
const MOST_BYTES = 180_000
/** From the first paint to the verified badge, in ms, on a machine that does nothing else. */
const MOST_MS = 1000

/** How many times longer work takes than its processor time: 1 on a quiet machine. */
function contention(): number {
  const started = performance.now()
  const before = process.cpuUsage()
  let sum = 0
  for (let index = 0; index < 3e8; index += 1) sum = (sum + index) % 1_000_003
  const { user, system } = process.cpuUsage(before)
  return Math.max(1, (1000 * (performance.now() - started)) / (user + system + (sum < 0 ? 1 : 0)))
}

/** Waits until the service is verified: what was loaded until then, and when that was. */
async function verifiedIn(
  tab: Tab,
): Promise<{ readonly names: readonly string[]; readonly verifiedMs: number; readonly paintMs: number }> {
  return tab.evaluate(async () => {
    for (let status = ''; !/^(?:proven|limited|simulated)$/.test(status);) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      status = document.querySelector<HTMLElement>('[data-testid="badge"]')?.dataset['status'] ?? ''
      if (status === 'refused') throw new Error('the service was refused')
    }
    const [paint] = performance.getEntriesByName('first-contentful-paint')
    return {
      names: performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname),
      verifiedMs: performance.now(),
      // Where an engine does not tell it: the beginning of the navigation, which is earlier.
      paintMs: paint?.startTime ?? 0,
    }
  }, null)
}

test('the first load is at most 180 KB with the verifier, and a second after the first paint the service is verified @verification', async ({
  browserEngine,
  chat,
  pageServer,
}) => {
  const page = await chat()
  const { names, ...first } = await verifiedIn(page.tab)
  let ms = first.verifiedMs - first.paintMs
  let factor = contention()
  // A machine that stands still for a moment is not the page's doing, and does so in one of three loads at the most.
  for (let load = 2; load <= 3 && ms >= MOST_MS * factor; load += 1) {
    const { tab, close } = await browserEngine.newTab()
    await tab.open(`${pageServer.origin}/`)
    const next = await verifiedIn(tab)
    await close()
    ms = next.verifiedMs - next.paintMs
    factor = contention()
  }
  const files = new Set(
    ['/index.html', ...names].map((name) => join(artifacts.page, name)).filter((path) => existsSync(path)),
  )
  expect(
    [...files].filter((path) => path.endsWith('.wasm')),
    'the verifier is among them',
  ).toHaveLength(1)
  const sizes = [...files].map((path) => gzipSync(readFileSync(path), { level: 9 }).length)
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  process.stdout.write(
    `first load: ${bytes} bytes (gzip) in ${files.size} files; first paint to verified: ${Math.round(ms)} ms, calibration ${factor.toFixed(2)}\n`,
  )
  expect(bytes).toBeLessThanOrEqual(MOST_BYTES)
  expect(ms).toBeLessThan(MOST_MS * factor)
})

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '../support/proxies/certificate.ts'
import { proxyKinds } from '../support/proxies/index.ts'
import { StandIn } from '../support/proxies/stand-in.ts'
import { startProxy } from '../support/proxies/stock-proxy.ts'
import { expect, test } from '../support/test.ts'

/** The checks that a state needs to be believed take a few seconds, in all three samples; more bounds a hang. */
const settled = { timeout: 60_000, intervals: [250] }

for (const kind of proxyKinds)
  test(`${kind.name} asks gateways that are ready for evidence, and takes requests to those that drain`, async () => {
    test.setTimeout(300_000)
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-rotation-'))
    const abort = new AbortController()
    const all = await Promise.all([StandIn.start(), StandIn.start(), StandIn.start()])
    const [first, second, third] = all
    const target = { instance: 'a1', gateway: first.address, other: second.address, third: third.address }
    const proxy = await startProxy(kind, {
      folder,
      target,
      certificate: await makeCertificate(folder),
      signal: abort.signal,
    })
    /** Evidence for so many visitors: which statuses they saw, and how many of them each gateway got. */
    const visit = async (count: number): Promise<{ statuses: readonly number[]; shares: readonly number[] }> => {
      const before = all.map(({ evidence }) => evidence)
      const statuses = new Set<number>()
      for (let index = 0; index < count; index++) {
        const answer = await fetch(new URL('blindllama/v1/evidence?nonce=x', proxy.urls.clear))
        await answer.arrayBuffer()
        statuses.add(answer.status)
      }
      return { statuses: [...statuses], shares: all.map(({ evidence }, index) => evidence - (before[index] ?? 0)) }
    }
    const post = async (): Promise<number> => {
      const url = new URL('blindllama/v1/o/a1', proxy.urls.clear)
      const answer = await fetch(url, { method: 'POST', body: 'x', signal: AbortSignal.timeout(30_000) })
      await answer.arrayBuffer()
      return answer.status
    }
    try {
      // 3 * (2/3)^60: one of the three is never chosen.
      await expect(async () => expect(Math.min(...(await visit(60)).shares)).toBeGreaterThan(0)).toPass(settled)

      for (const state of ['draining', 'unavailable'] as const) {
        first.state = state
        await expect(async () => {
          const began = performance.now()
          const { statuses, shares } = await visit(20)
          const periods = Math.ceil((performance.now() - began) / 2000)
          expect(statuses, 'what visitors see').toEqual([200])
          // nginx has no checks: it asks again every two seconds, and takes the question to another one.
          const most = kind.name === 'nginx' ? 1 + periods : 0
          expect(shares[0], `evidence of a gateway that is ${state}`).toBeLessThanOrEqual(most)
        }).toPass(settled)
        expect(await post(), `a request to a gateway that is ${state}`).toBe(200)
      }

      const posts = first.posts
      await first.kill()
      expect((await visit(20)).statuses, 'while it is not yet known to be gone').toEqual([200])
      expect([502, 503, 504], 'for a gateway that is gone').toContain(await post())
      expect([first.posts, second.posts, third.posts], 'no other one gets its requests').toEqual([posts, 0, 0])

      await first.restart()
      await expect(async () => expect((await visit(20)).shares[0], 'of one that is back').toBeGreaterThan(0)).toPass(
        settled,
      )
      await expect(async () => expect(await post()).toBe(200)).toPass(settled)
      expect(await readFile(join(folder, 'proxy.log'), 'utf8'), 'the log').not.toMatch(/client: |127\.0\.0\.1:\d+ \[/)
    } finally {
      await proxy.stop()
      abort.abort()
      await Promise.all(all.map(async (each) => each.kill().catch(() => {})))
      await rm(folder, { recursive: true, force: true })
    }
  })

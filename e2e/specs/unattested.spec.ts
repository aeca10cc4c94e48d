import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { startStaging } from '../../services/staging/staging.ts'
import { expect, requestsAt, test, type Staging } from '../support/test.ts'

/** The staging's model at an address of its own, as `npm start -- --upstream URL` has it: nobody measured what listens there. */
async function modelElsewhere({ folder }: Staging): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(join(folder, 'model.sock'))
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
      from.pipe(to)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

test.describe('a model outside the proof', () => {
  let model: Awaited<ReturnType<typeof modelElsewhere>>
  let outside: Staging
  test.beforeAll(async ({ staging, pageServer }) => {
    model = await modelElsewhere(staging)
    outside = await startStaging({ upstream: model.url, origins: [pageServer.origin] })
  })
  test.afterAll(async () => {
    await outside?.stop()
    await model?.stop()
  })

  test('answers where the policy says so, under a banner that stays', async ({ chat }) => {
    const { acceptUpstream } = JSON.parse(outside.policy) as { acceptUpstream?: unknown }
    expect(acceptUpstream, 'the policy allows it in so many words').toEqual(['unattested'])
    const before = await requestsAt(outside)
    const page = await chat({ url: outside.url, policy: outside.policy })
    await page.verified()
    expect(await page.isThere('[data-testid="banner-unattested"]')).toBe(true)
    await page.ask('Say hello.')
    await page.ended('complete')
    expect(await page.isThere('[data-testid="banner-unattested"]')).toBe(true)
    await expect.poll(() => requestsAt(outside)).toBe(before + 1)
  })

  test('is refused where the policy says nothing of it @verification', async ({ chat }) => {
    const { acceptUpstream: _, ...silent } = JSON.parse(outside.policy) as { acceptUpstream?: unknown }
    const before = await requestsAt(outside)
    const page = await chat({ url: outside.url, policy: JSON.stringify(silent) })
    expect(await page.decided()).toBe('error')
    expect(await page.refusal()).toBe('claims.upstream')
    expect(await page.canSend()).toBe(false)
    expect(await requestsAt(outside)).toBe(before)
  })
})

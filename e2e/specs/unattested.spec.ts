import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { startStaging } from '../../tools/staging/staging.ts'
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

test('a model outside the proof answers only where the policy says so, and the page never lets that be overlooked', async ({
  chat,
  staging,
  pageServer,
}) => {
  const model = await modelElsewhere(staging)
  const outside = await startStaging({ upstream: model.url, origins: [pageServer.origin] })
  try {
    const allowing = JSON.parse(outside.policy) as { acceptUpstream?: string[] }
    expect(allowing.acceptUpstream, 'the policy allows it in so many words').toEqual(['unattested'])
    const page = await chat({ url: outside.url, policy: outside.policy })
    await page.verified()
    expect(await page.isThere('[data-testid="banner-unattested"]')).toBe(true)
    await page.ask('Say hello.')
    await page.ended('complete')
    expect(await page.isThere('[data-testid="banner-unattested"]'), 'the banner stays').toBe(true)
    expect(await requestsAt(outside)).toBe(1)

    const { acceptUpstream: _, ...silent } = allowing
    await chat({ url: outside.url, policy: JSON.stringify(silent) })
    expect(await page.decided()).toBe('error')
    expect(await page.refusal()).toBe('claims.upstream')
    expect(await page.canSend()).toBe(false)
    expect(await requestsAt(outside), 'nothing more was sent').toBe(1)
  } finally {
    await outside.stop()
    await model.stop()
  }
})

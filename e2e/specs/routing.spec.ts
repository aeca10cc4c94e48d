import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requestHeads } from '../support/http-heads.ts'
import { instanceOf } from '../support/instance.ts'
import { makeCertificate } from '../support/proxies/certificate.ts'
import { proxyKinds } from '../support/proxies/index.ts'
import { startProxy } from '../support/proxies/stock-proxy.ts'
import { Recorder } from '../support/recorder.ts'
import { expect, test } from '../support/test.ts'

const nonce = 'A'.repeat(43)

/** Paths of the encapsulated requests that took this way. */
function postsOver(way: Recorder): readonly string[] {
  return requestHeads(way.sentBy('client')).flatMap(({ method, target }) => (method === 'POST' ? [target] : []))
}

for (const kind of proxyKinds)
  test(`${kind.name} takes a request to the instance in its path and to no other, and evidence from any`, async ({
    staging,
  }) => {
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-routing-'))
    const abort = new AbortController()
    const certificate = await makeCertificate(folder)
    // Two ways to the one gateway: what matters is which of them a request takes.
    const [own, other] = [await Recorder.start(staging.url), await Recorder.start(staging.url)]
    const instance = await instanceOf(staging)
    const target = { instance, gateway: own.address, other: other.address }
    const proxy = await startProxy(kind, { folder, target, certificate, signal: abort.signal })
    try {
      const post = async (name: string): Promise<number> => {
        const headers = { 'content-type': 'message/ohttp-chunked-req' }
        const url = new URL(`blindllama/v1/o/${name}`, proxy.urls.clear)
        const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(64) })
        await answer.body?.cancel()
        return answer.status
      }
      expect(await post(instance), 'refused by the gateway, which was reached').toBe(400)
      expect(await post('b2')).not.toBe(200)
      for (const nobodys of ['d4', `${instance}x`, `${instance}/`, '']) expect(await post(nobodys)).toBe(404)
      expect(postsOver(own)).toEqual([`/blindllama/v1/o/${instance}`])
      expect(postsOver(other)).toEqual(['/blindllama/v1/o/b2'])

      // 2^-19 for one of the two never to be chosen.
      for (let count = 0; count < 20; count++) {
        const answer = await fetch(new URL(`blindllama/v1/evidence?nonce=${nonce}&v=1`, proxy.urls.clear))
        expect(answer.status).toBe(200)
        await answer.arrayBuffer()
      }
      for (const way of [own, other]) expect(way.bytes.includes('GET /blindllama/v1/evidence?')).toBe(true)
    } finally {
      await proxy.stop()
      abort.abort()
      await Promise.all([own.stop(), other.stop()])
      await rm(folder, { recursive: true, force: true })
    }
  })

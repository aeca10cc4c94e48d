import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStaging, type Staging } from '../../services/staging/staging.ts'
import { instanceOf } from '../support/instance.ts'
import { loadSdk } from '../support/load-sdk.ts'
import { makeCertificate } from '../support/proxies/certificate.ts'
import { proxyKinds } from '../support/proxies/index.ts'
import { startProxy } from '../support/proxies/stock-proxy.ts'
import { expect, test } from '../support/test.ts'
import { RestartableUpstream } from '../support/upstream/restartable-upstream.ts'
import { digest } from '../support/upstream/received.ts'

test.describe('a form with a file of 64 MiB', () => {
  const content = randomBytes(64 * 1024 * 1024)
  const abort = new AbortController()
  let folder: string
  let staging: Staging

  test.beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindllama-proxied-'))
    const upstream = await RestartableUpstream.start(folder, abort.signal)
    staging = await startStaging({
      upstream: upstream.url,
      page: folder,
      gateway: { upstream: { routes: ['POST /v1/files'] } },
    })
  })
  test.afterAll(async () => {
    await staging.stop()
    abort.abort()
    await rm(folder, { recursive: true, force: true })
  })

  for (const kind of proxyKinds)
    test(`arrives whole through ${kind.name} as the sample configures it`, async () => {
      const own = join(folder, kind.name)
      await mkdir(own)
      const gateway = new URL(staging.url).host
      const target = { instance: await instanceOf(staging), gateway, other: gateway }
      const certificate = await makeCertificate(own)
      const proxy = await startProxy(kind, { folder: own, target, certificate, signal: abort.signal })
      const { connect } = await loadSdk()
      const { policy } = staging
      const client = await connect({ url: proxy.urls.clear, policy, dangerouslyAllowSimulated: true })
      try {
        const body = new FormData()
        body.append('purpose', 'assistants')
        body.append('file', new File([content], 'large.bin', { type: 'application/octet-stream' }))
        const answer = await client.fetch(new URL('v1/files', proxy.urls.clear), { method: 'POST', body })
        expect(await answer.json()).toMatchObject({
          form: [
            ['purpose', 'assistants'],
            ['file', { name: 'large.bin', ...digest(content) }],
          ],
        })
      } finally {
        client.close()
        await proxy.stop()
      }
    })
})

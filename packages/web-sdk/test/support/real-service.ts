import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Staging, startStaging } from '../../../../services/staging/staging.ts'
import { CountingRelay } from './counting-relay.js'
import { Upstream } from './upstream.js'

/** The real gateway on a software TPM, an upstream behind it and a relay before it. */
export interface RealService {
  staging: Staging
  upstream: Upstream
  relay: CountingRelay
  stop: () => Promise<void>
}

export async function startRealService(
  settings: { epochMs?: number; graceMs?: number; page?: string; origins?: string[] } = {},
): Promise<RealService> {
  const upstream = await Upstream.start()
  const nothing = await mkdtemp(join(tmpdir(), 'web-sdk-page-'))
  const page = settings.page ?? nothing
  const channel = { epoch_ms: settings.epochMs ?? 3_600_000, grace_ms: settings.graceMs ?? 300_000 }
  const staging = await startStaging({
    upstream: upstream.url,
    page,
    gateway: { channel },
    origins: settings.origins ?? [],
  })
  const relay = await CountingRelay.start(staging.url)
  return {
    staging,
    upstream,
    relay,
    async stop() {
      await relay.close()
      await staging.stop()
      await upstream.close()
      await rm(nothing, { recursive: true })
    },
  }
}

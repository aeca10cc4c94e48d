import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { startGateway, writeConfig } from '../../services/staging/gateway.ts'
import { toEvents } from '../../services/staging/measurements.ts'
import type { Staging } from '../../services/staging/staging.ts'
import { startSoftwareTpm } from '../../services/staging/swtpm.ts'
import { extendPcrs } from '../../services/staging/tpm.ts'

export interface Attacker {
  readonly url: string
  /** Holds the gateway's log. */
  readonly folder: string
  stop(): Promise<void>
}

/**
 * The genuine gateway with the genuine configuration and measurements, but over a TPM of the attacker's own.
 *
 * @param origins pages that may call it, as at the staging
 */
export async function startOverForeignTpm(staging: Staging, origins: readonly string[]): Promise<Attacker> {
  const folder = join(staging.folder, 'foreign')
  await mkdir(folder)
  const abort = new AbortController()
  const tpm = await startSoftwareTpm(folder, abort.signal)
  await extendPcrs(tpm.port, toEvents(staging.measured))
  const config = await writeConfig(folder, {
    tcti: tpm.tcti,
    port: 0,
    upstream: { url: `unix:${join(staging.folder, 'model.sock')}`, kind: 'in-image', prompt_cache: 'none' },
    origins,
    eventLog: join(staging.folder, 'event.log'),
    extra: {},
  })
  const gateway = await startGateway(config, folder, abort.signal)
  const stop = async (): Promise<void> => {
    await gateway.child.stop()
    await tpm.child.stop()
  }
  return { url: gateway.url, folder, stop }
}

/** Ends the gateway of `staging` and starts it anew, over the same TPM, with a configuration that nobody measured. */
export async function restartWithOtherConfiguration(staging: Staging, origins: readonly string[]): Promise<Attacker> {
  await staging.processes.gateway.stop()
  const folder = join(staging.folder, 'changed')
  await mkdir(folder)
  const config = await writeConfig(folder, {
    tcti: staging.tpm.tcti,
    port: 0,
    // The administrator of the machine wants to read along.
    upstream: { url: 'http://127.0.0.1:9', kind: 'in-image', prompt_cache: 'none' },
    origins,
    eventLog: join(staging.folder, 'event.log'),
    extra: {},
  })
  const gateway = await startGateway(config, folder, new AbortController().signal)
  return { url: gateway.url, folder, stop: () => gateway.child.stop() }
}

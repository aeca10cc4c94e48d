import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeEventLog } from '../../services/staging/event-log.ts'
import {
  attestationKeyName,
  configDigest,
  startGateway,
  writeConfig,
  type GatewaySettings,
} from '../../services/staging/gateway.ts'
import type { Child } from '../../services/staging/child.ts'
import { measure, toEvents } from '../../services/staging/measurements.ts'
import { writePolicy } from '../../services/staging/policy.ts'
import { freePorts } from '../../services/staging/ports.ts'
import { replay } from '../../services/staging/replay.ts'
import { startSoftwareTpm, type SoftwareTpm } from '../../services/staging/swtpm.ts'
import { extendPcrs } from '../../services/staging/tpm.ts'

/** A gateway on this host, over a TPM of its own, that another gateway has for its upstream (PROTOCOL.md §25). */
export class Peer {
  /** Of 127.0.0.1. */
  readonly port: number
  /**
   * JSON. It is strict: it accepts no simulated TPM and no upstream outside of the image. The attestation key is on the list of an
   * operator, who vouches for it.
   */
  readonly policy: string
  readonly #tpm: SoftwareTpm
  readonly #start: (extra: GatewaySettings['extra']) => Promise<Child>
  #gateway: Child

  private constructor(
    port: number,
    policy: string,
    tpm: SoftwareTpm,
    start: (extra: GatewaySettings['extra']) => Promise<Child>,
    gateway: Child,
  ) {
    this.port = port
    this.policy = policy
    this.#tpm = tpm
    this.#start = start
    this.#gateway = gateway
  }

  /** @param folder a private one, which is made; @param model port of its model server on 127.0.0.1 */
  static async start(folder: string, model: number): Promise<Peer> {
    await mkdir(folder)
    const { signal } = new AbortController()
    const tpm = await startSoftwareTpm(folder, signal)
    try {
      const [port = 0] = await freePorts(1)
      const eventLog = join(folder, 'event.log')
      const configure = async (extra: GatewaySettings['extra']): Promise<string> =>
        writeConfig(folder, {
          tcti: tpm.tcti,
          port,
          upstream: { url: `http://127.0.0.1:${model}`, kind: 'in-image', prompt_cache: 'none' },
          origins: [],
          eventLog,
          extra,
        })
      const config = await configure({})
      const events = toEvents(await measure({ config, modelServer: undefined, onProgress: () => {} }))
      await writeFile(eventLog, encodeEventLog(events))
      await extendPcrs(tpm.port, events)
      const akName = await attestationKeyName(config, signal)
      const digest = await configDigest(config, signal)
      const measured = { akName, golden: replay(events), configDigest: digest, upstream: 'in-image' as const }
      const anchors = [{ kind: 'ak-name', name: akName, assurance: 'operator-ca', hierarchy: 'endorsement' }]
      const strict = { anchors, acceptAssurance: ['operator-ca'] }
      const policy = JSON.stringify({ ...(JSON.parse(writePolicy(measured)) as object), ...strict })
      const start = async (extra: GatewaySettings['extra']): Promise<Child> =>
        (await startGateway(await configure(extra), folder, signal)).child
      return new Peer(port, policy, tpm, start, await start({}))
    } catch (error) {
      await tpm.child.stop()
      throw error
    }
  }

  /** Ends the gateway, and starts it over the same TPM with further settings. */
  async restart(extra: GatewaySettings['extra']): Promise<void> {
    await this.#gateway.stop()
    this.#gateway = await this.#start(extra)
  }

  async stop(): Promise<void> {
    await this.#gateway.stop()
    await this.#tpm.child.stop()
  }
}

import { join } from 'node:path'
import { toEvents } from '../../services/staging/measurements.ts'
import { powerOn, type SoftwareTpm } from '../../services/staging/swtpm.ts'
import { extendPcrs } from '../../services/staging/tpm.ts'
import { freePorts } from '../../services/staging/ports.ts'
import { startGateway } from '../../services/staging/gateway.ts'
import { startStaging, type Staging } from '../../services/staging/staging.ts'

/** As the samples of docs/proxies name them. */
const names = ['a1', 'b2', 'c3'] as const

/** One gateway of several, with a software TPM of its own. */
export class Member {
  /** `address:port`, the same after each start. */
  readonly address: string
  readonly instance: string
  readonly #staging: Staging
  readonly #signal: AbortSignal
  #process: Staging['processes']['gateway']
  #tpm: SoftwareTpm

  constructor(staging: Staging, instance: string, signal: AbortSignal) {
    this.#staging = staging
    this.#signal = signal
    this.#process = staging.processes.gateway
    this.#tpm = staging.tpm
    this.instance = instance
    this.address = new URL(staging.url).host
  }

  get policy(): string {
    return this.#staging.policy
  }

  /** SIGKILL: no handler runs, the kernel closes what was open. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** SIGTERM, as a supervisor sends it, until the process has ended by itself. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
  }

  /** Starts it again, under its old address and name, with keys of its own. */
  async start(): Promise<void> {
    const { folder } = this.#staging
    const { child } = await startGateway(join(folder, 'gateway.toml'), folder, this.#signal)
    this.#process = child
  }

  /** SIGKILL for the TPM alone: the gateway in front of it goes on without one. */
  async killTpm(): Promise<void> {
    await this.#tpm.child.kill()
  }

  /** The machine starts again: the TPM, what it measures, and the gateway. */
  async reboot(): Promise<void> {
    await this.kill()
    await this.killTpm()
    const { folder, measured } = this.#staging
    this.#tpm = await powerOn(folder, this.#tpm.port, this.#signal)
    await extendPcrs(this.#tpm.port, toEvents(measured))
    await this.start()
  }

  async dispose(): Promise<void> {
    await this.#process.stop()
    await this.#tpm.child.stop()
    await this.#staging.stop()
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.pid !== undefined) process.kill(this.#process.pid, signal)
    await this.#process.exited
  }
}

/** Three gateways on one model server. */
export interface Fleet {
  readonly members: readonly [Member, Member, Member]
  /** Accepts each of them, JSON text. */
  readonly policy: string
  readonly stop: () => Promise<void>
}

/** @param page a folder of pages, of which none is opened */
export async function startFleet(upstream: string, page: string, signal: AbortSignal): Promise<Fleet> {
  const ports = await freePorts(names.length)
  const started = await Promise.allSettled(
    names.map(async (instance, index) => {
      const staging = await startStaging({ upstream, page, signal, instance, gatewayPort: ports[index] ?? 0 })
      return new Member(staging, instance, signal)
    }),
  )
  const members = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const stop = async (): Promise<void> => {
    await Promise.all(members.map(async (member) => member.dispose()))
  }
  const [first, second, third] = members
  if (first === undefined || second === undefined || third === undefined) {
    await stop()
    throw started.find((each) => each.status === 'rejected')?.reason
  }
  return { members: [first, second, third], policy: together(members.map(({ policy }) => policy)), stop }
}

interface Lists {
  readonly anchors: readonly unknown[]
  readonly releases: readonly { readonly name: string }[]
}

/** One policy that accepts what any of several accept: their keys and their releases. */
function together(policies: readonly string[]): string {
  const read = policies.map((policy) => JSON.parse(policy) as Lists)
  const releases = read.flatMap((policy, index) =>
    policy.releases.map((release) => ({ ...release, name: `${release.name}, ${names[index] ?? ''}` })),
  )
  return JSON.stringify({ ...read[0], anchors: read.flatMap(({ anchors }) => anchors), releases })
}

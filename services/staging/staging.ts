import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { artifacts, chatWorkers, modelId, requireArtifacts } from './artifacts.ts'
import type { Child } from './child.ts'
import { encodeEventLog } from './event-log.ts'
import {
  attestationKeyName,
  configDigest,
  extendConfig,
  startGateway,
  writeConfig,
  type GatewaySettings,
} from './gateway.ts'
import type { Measured } from './measure.ts'
import { softwareMaker, writeRoots } from './manufacture.ts'
import { measure, toEvents } from './measurements.ts'
import { modelServerCommand, startModelServer } from './model-server.ts'
import { PageServer } from './page-server.ts'
import { writePolicy } from './policy.ts'
import { replay } from './replay.ts'
import { startSoftwareTpm, type SoftwareTpm } from './swtpm.ts'
import { extendPcrs } from './tpm.ts'
import { firstModel } from './upstream.ts'

export interface StagingOptions {
  /** An OpenAI-compatible server elsewhere, instead of the measured model: the verdict then says `unattested`. */
  readonly upstream?: string
  /** Port of the page, 0 (default) for a free one. */
  readonly port?: number
  /** Origins besides the staging's own page that may call the gateway; `*` for any, pages without an origin included. */
  readonly origins?: readonly string[]
  /** Further settings of the gateway. */
  readonly gateway?: GatewaySettings['extra']
  /**
   * Measures configuration and process into PCR 14 and 15, as an image does (PROTOCOL.md §24.1): the gateway cannot be started again
   * over this TPM then. Default: false.
   */
  readonly measuresItself?: boolean
  /** Port of the gateway, 0 (default) for a free one, and its `instance`: a gateway that is started again has both of them again. */
  readonly gatewayPort?: number
  readonly instance?: string
  /** Folder of the built page; default: the example chat. */
  readonly page?: string
  /** Ed25519 key in hex of one who may enrol: the TPM then has certificates of a software maker. */
  readonly enroller?: string
  readonly onProgress?: (message: string) => void
  readonly signal?: AbortSignal
}

/** Everything that runs: a software TPM, the model, the gateway, the page. */
export interface Staging {
  readonly pageUrl: string
  /** Base URL of the gateway. */
  readonly url: string
  /** JSON text. */
  readonly policy: string
  readonly measured: readonly Measured[]
  readonly upstream: 'in-image' | 'unattested'
  readonly model: string
  readonly tpm: SoftwareTpm
  /** Roots file with the software maker of the TPM, as what it is; undefined without an enroller. */
  readonly roots: string | undefined
  readonly processes: { readonly gateway: Child; readonly modelServer?: Child; readonly tpm: Child }
  /** Private folder of this run: configuration, sockets, logs. It is gone after {@link stop}. */
  readonly folder: string
  /** Resolves with a sentence when a process ends by itself. */
  readonly failed: Promise<string>
  stop(): Promise<void>
}

/**
 * Starts a whole service on this machine, in the order of a measured boot: measure, extend, then run.
 *
 * The policy's golden values are computed from the files; the TPM is never asked what it holds.
 */
export async function startStaging(options: StagingOptions = {}): Promise<Staging> {
  const { onProgress = (): void => {}, upstream: external, measuresItself = false } = options
  const abort = new AbortController()
  const signal = options.signal === undefined ? abort.signal : AbortSignal.any([abort.signal, options.signal])
  const undo: (() => Promise<void>)[] = []
  const stop = once(async () => {
    for (const step of undo.toReversed()) await step()
    abort.abort()
  })

  try {
    // Before anything is started: what is wrong with it, nothing that follows could tell.
    const model = external === undefined ? modelId : await firstModel(external)
    const ownModel = external === undefined ? (['modelServer', 'model'] as const) : []
    await requireArtifacts(['gateway', ...ownModel, ...(options.page === undefined ? (['page'] as const) : [])])
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-'))
    undo.push(() => rm(folder, { recursive: true, force: true }))
    const page = await PageServer.start(options.page ?? artifacts.page, options.port ?? 0)
    undo.push(() => page.stop())

    const maker = options.enroller === undefined ? undefined : await softwareMaker(folder)
    const tpm = await startSoftwareTpm(folder, signal, maker)
    undo.push(() => tpm.child.stop())
    onProgress('software TPM ready')

    const socket = join(folder, 'model.sock')
    const upstream = external === undefined ? 'in-image' : 'unattested'
    const eventLog = join(folder, 'event.log')
    const config = await writeConfig(folder, {
      tcti: tpm.tcti,
      port: options.gatewayPort ?? 0,
      instance: options.instance,
      // The measured model server empties its context between requests; of another one nothing is known.
      upstream: {
        url: external ?? `unix:${socket}`,
        kind: upstream,
        prompt_cache: external === undefined ? 'none' : 'shared',
      },
      origins: options.origins?.includes('*') ? ['*'] : [page.origin, ...(options.origins ?? [])],
      eventLog,
      measuresItself,
      extra: {
        ...options.gateway,
        ...(options.enroller !== undefined && { enrolment: { keys: [options.enroller] } }),
      },
    })
    const roots = maker && (await writeRoots(join(folder, 'roots.json'), maker))

    const command = modelServerCommand(socket)
    const measured = await measure({
      config,
      modelServer: external === undefined ? [command.command, ...command.args] : undefined,
      onProgress: (what, share) => onProgress(`measuring ${what} … ${Math.floor(share * 100)} %`),
    })
    signal.throwIfAborted()
    const events = toEvents(measured)
    await writeFile(eventLog, encodeEventLog(events))
    await extendPcrs(tpm.port, events)
    onProgress(`measured ${measured.length} files and settings into the TPM`)

    const [akName, digest] = await Promise.all([attestationKeyName(config, signal), configDigest(config, signal)])
    onProgress(`attestation key enrolled: ${akName.slice(0, 16)}…`)

    const modelServer = external === undefined ? await startModelServer(socket, folder, signal) : undefined
    if (modelServer !== undefined) {
      undo.push(() => modelServer.stop())
      onProgress('model loaded')
    }
    if (measuresItself) await extendConfig(config, signal)
    const gateway = await startGateway(config, folder, signal)
    undo.push(() => gateway.child.stop())
    onProgress('gateway ready')

    const policy = writePolicy({ akName, golden: replay(events), configDigest: digest, upstream, measuresItself })
    // A page of one's own starts no workers, or names its policy itself.
    const workers = options.page === undefined ? chatWorkers : undefined
    page.publish(gateway.url, { url: gateway.url, policy, measured, upstream, model }, workers)

    const children = [gateway.child, tpm.child, ...(modelServer === undefined ? [] : [modelServer])]
    return {
      pageUrl: `${page.origin}/`,
      url: gateway.url,
      policy,
      measured,
      upstream,
      model,
      tpm,
      roots,
      processes: { gateway: gateway.child, tpm: tpm.child, ...(modelServer === undefined ? {} : { modelServer }) },
      folder,
      failed: Promise.race(
        children.map(async (child) => child.exited.then(() => `${child.name} has ended.${child.describe()}`)),
      ),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return async () => (done ??= work())
}

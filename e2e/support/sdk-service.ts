import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PageServer } from '../../services/staging/page-server.ts'
import { startStaging, type Staging } from '../../services/staging/staging.ts'
import { writeSdkPage } from './sdk-page.ts'
import { RestartableUpstream } from './upstream/restartable-upstream.ts'

/** A service, and pages of another origin that hold the package's script. */
export class SdkService {
  readonly #folder: string
  readonly #abort: AbortController
  readonly pages: PageServer
  readonly staging: Staging

  private constructor(folder: string, abort: AbortController, pages: PageServer, staging: Staging) {
    this.#folder = folder
    this.#abort = abort
    this.pages = pages
    this.staging = staging
  }

  /** `addPages` may write more pages beside the one of the script; it gets their folder. */
  static async start(addPages?: (folder: string) => Promise<void>): Promise<SdkService> {
    const folder = await mkdtemp(join(tmpdir(), 'blindllama-sdk-'))
    const abort = new AbortController()
    const page = await writeSdkPage(folder)
    await addPages?.(page)
    const upstream = await RestartableUpstream.start(folder, abort.signal)
    const pages = await PageServer.start(page, 0)
    const staging = await startStaging({ upstream: upstream.url, page, origins: [pages.origin] })
    return new SdkService(folder, abort, pages, staging)
  }

  async stop(): Promise<void> {
    await this.staging.stop()
    await this.pages.stop()
    this.#abort.abort()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

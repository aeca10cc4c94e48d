import { join } from 'node:path'
import type {
  PlaywrightTestArgs,
  PlaywrightTestOptions,
  PlaywrightWorkerArgs,
  PlaywrightWorkerOptions,
  TestType,
} from '@playwright/test'
import { releaseSettings } from '../../services/machine/documents.ts'
import { guestConfiguration } from '../../services/machine/guest-configuration.ts'
import { publishImage } from '../../services/machine/publish.ts'
import { Publisher } from '../../services/staging/publisher.ts'
import { test as base, type Fixtures as Base, type Shared } from './fixtures.ts'

export { expect } from './fixtures.ts'

interface Fixtures {
  /** Publishes the image of the release, as version 2. */
  readonly publisher: Publisher
  /** Disk with release and status of the publisher. */
  readonly documents: string
  /** Settings by which the gateway reads them. */
  readonly configuration: string
}

export const test: TestType<
  PlaywrightTestArgs & PlaywrightTestOptions & Base & Fixtures,
  PlaywrightWorkerArgs & PlaywrightWorkerOptions & Shared
> = base.extend<Fixtures>({
  publisher: async ({ machines, folder }, use) => {
    const publisher = await Publisher.start(join(folder, 'publisher'), new AbortController().signal)
    await publishImage(publisher, machines.release, { version: 2 })
    await publisher.status()
    await use(publisher)
    await publisher.stop()
  },
  documents: async ({ publisher, folder }, use) => {
    const disk = join(folder, 'documents.img')
    await publisher.writeDisk(disk)
    await use(disk)
  },
  configuration: async ({ pageServer }, use) => use(guestConfiguration([pageServer.origin], releaseSettings)),
})

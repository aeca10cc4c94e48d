import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStaging, type Staging } from '../../services/staging/staging.ts'
import { grownStates } from '../support/growth.ts'
import { writeSdkPage } from '../support/sdk-page.ts'
import { expect, test } from '../support/test.ts'
import type { Tab } from '../support/tab.ts'
import { uploadInPage, type Turns, type Uploaded, type UploadKind } from '../support/uploading.ts'
import { RestartableUpstream } from '../support/upstream/restartable-upstream.ts'
import { digest } from '../support/upstream/received.ts'

const mib = 1024 * 1024
/** How OpenAI's own documentation has them. */
const form = [
  ['purpose', 'assistants'],
  ['file', { name: 'large.bin', type: 'application/octet-stream' }],
] as const

test.describe('a file of 64 MiB through the real gateway', () => {
  const content = randomBytes(64 * mib)
  let folder: string
  let file: string
  let staging: Staging
  const abort = new AbortController()

  test.beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blindllama-uploads-'))
    file = join(folder, 'large.bin')
    await writeFile(file, content)
    const upstream = await RestartableUpstream.start(folder, abort.signal)
    staging = await startStaging({
      upstream: upstream.url,
      page: await writeSdkPage(folder),
      gateway: { upstream: { routes: ['POST /v1/files'] } },
    })
  })
  test.afterAll(async () => {
    await staging.stop()
    abort.abort()
    await rm(folder, { recursive: true, force: true })
  })

  /** Opens a page in which the file was chosen. */
  async function choose(tab: Tab): Promise<void> {
    await tab.open(staging.pageUrl)
    await tab.evaluate(() => {
      const input = document.createElement('input')
      input.type = 'file'
      document.body.append(input)
    }, null)
    await tab.chooseFile('input', file)
  }

  // How long the page stood still is written down, never judged: that is the machine's doing as much as ours. Of what is written,
  // WebKit's own part is to be taken off: it stands still while it starts to send a Blob of this size, whoever asks it to.
  for (const kind of ['File', 'Blob', 'FormData', 'ReadableStream', 'Request'] satisfies UploadKind[])
    test(`arrives whole as ${kind}, tells its progress, and the page goes on meanwhile`, async ({ browserEngine }) => {
      const { tab, close } = await browserEngine.newTab()
      try {
        await choose(tab)
        const { url, policy } = staging
        const uploaded = await tab.evaluate(uploadInPage, { url, policy, kind })
        test.info().annotations.push({ type: 'stall', description: stallOf(uploaded) })

        const { received, told, seen, frames } = uploaded
        if (kind === 'FormData')
          expect(received.form).toMatchObject([form[0], [form[1][0], { ...form[1][1], ...digest(content) }]])
        else expect(received).toMatchObject({ ...digest(content) })

        const sealed = told.map(([bytes]) => bytes)
        const total = told[0]?.[1] ?? 0
        expect(total).toBeGreaterThan(64 * mib)
        expect(
          told.every((event) => event[1] === total),
          'the total stays',
        ).toBe(true)
        expect(sealed, 'each further than the one before, up to the total').toEqual(
          [...new Set(sealed)].sort((one, other) => one - other),
        )
        expect(sealed.at(-1)).toBe(total)
        expect(sealed.length).toBeGreaterThanOrEqual(64)

        // Whoever holds up the page lets no timer run between the first and the last of them.
        expect(seen.length, 'states of the progress that timers found').toBeGreaterThanOrEqual(grownStates)
        expect(frames, 'frames meanwhile').toBeGreaterThan(0)
      } finally {
        await close()
      }
    })

  test('arrives whole three times from one page, in memory that is used again', async ({ browserEngine }) => {
    const { tab, close } = await browserEngine.newTab()
    try {
      await choose(tab)
      const { url, policy } = staging
      for (let time = 0; time < 3; time++) {
        const { received } = await tab.evaluate(uploadInPage, { url, policy, kind: 'File' as const })
        expect(received).toMatchObject({ ...digest(content) })
      }
    } finally {
      await close()
    }
  })
})

function stallOf({ sealingMs, uploading, idle }: Uploaded): string {
  return `sealed in ${sealingMs.toFixed(0)} ms; turns of the page: ${describe(uploading)}; idle: ${describe(idle)}`
}

function describe({ longest, p99 }: Turns): string {
  return `longest ${longest.toFixed(1)} ms, p99 ${p99.toFixed(2)} ms`
}

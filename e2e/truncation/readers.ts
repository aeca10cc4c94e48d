import { chromium as browserType, type Browser, type Page } from '@playwright/test'
import { PageServer } from '../../services/staging/page-server.ts'
import { chromium } from '../support/browser.ts'
import { withoutPadding } from '../support/padding.ts'
import { writeSdkPage, type SdkGlobals } from '../support/sdk-page.ts'
import { readAnswer, type AnswerEnd, type Question, type ReadContext } from './read-answer.ts'
import { loadSdk } from '../support/load-sdk.ts'

/** An application on the SDK: here, or in a page. */
export interface Reader {
  readonly name: string
  /** Proves the service at `url` by `policy`; later questions go to it. */
  readonly connect: (url: string, policy: string) => Promise<void>
  /** @param reached called once `question.reachedAfter` events were read */
  readonly read: (question: Question, reached: () => unknown) => Promise<AnswerEnd>
  readonly stop: () => Promise<void>
}

/** The SDK in this process. */
export async function nodeReader(): Promise<Reader> {
  const { connect, BlindLlamaError } = await loadSdk()
  let client: ReadContext['client'] | undefined
  return {
    name: 'Node',
    async connect(url, policy) {
      client?.close()
      client = await connect({ url, policy, dangerouslyAllowSimulated: true })
    },
    async read(question, reached) {
      Object.assign(globalThis, { surroundings: { client, BlindLlamaError, reached } })
      return unpadded(await readAnswer(question))
    },
    async stop() {
      client?.close()
    },
  }
}

/** What the script of the package defines in a page, and what this file adds. */
interface PageGlobals extends SdkGlobals {
  readonly reached: () => unknown
}

/** The SDK in a page of Chromium, under a strict Content-Security-Policy. */
export class ChromiumReader implements Reader {
  readonly name = 'Chromium'
  readonly origin: string
  /** Versions of HTTP in which encapsulated answers came, of this page. */
  readonly protocols: Set<string> = new Set()
  readonly #pages: PageServer
  readonly #browser: Browser
  #page: Page | undefined
  #reached: () => unknown = () => {}

  private constructor(pages: PageServer, browser: Browser) {
    this.#pages = pages
    this.#browser = browser
    this.origin = pages.origin
  }

  /** @param spki of the one certificate to trust without an authority, see `Certificate` */
  static async start(folder: string, spki: string): Promise<ChromiumReader> {
    const page = await writeSdkPage(folder)
    const args = [...(chromium.args ?? []), `--ignore-certificate-errors-spki-list=${spki}`]
    const [pages, browser] = await Promise.all([PageServer.start(page, 0), browserType.launch({ ...chromium, args })])
    return new ChromiumReader(pages, browser)
  }

  async connect(url: string, policy: string): Promise<void> {
    await this.#page?.close()
    this.#pages.publish(url, {})
    const page = await this.#browser.newPage()
    this.#page = page
    await this.#watchProtocols(page)
    await page.exposeFunction('reached', () => this.#reached())
    await page.goto(this.origin)
    await page.evaluate(
      async (options) => {
        const { BlindLlama, reached } = globalThis as unknown as PageGlobals
        const client = await BlindLlama.connect({ ...options, dangerouslyAllowSimulated: true })
        Object.assign(globalThis, { surroundings: { client, reached, BlindLlamaError: BlindLlama.BlindLlamaError } })
      },
      { url, policy },
    )
  }

  async read(question: Question, reached: () => unknown): Promise<AnswerEnd> {
    if (this.#page === undefined) throw new Error('connect first')
    this.#reached = reached
    return unpadded(await this.#page.evaluate(readAnswer, question))
  }

  async stop(): Promise<void> {
    await this.#browser.close()
    await this.#pages.stop()
  }

  async #watchProtocols(page: Page): Promise<void> {
    this.protocols.clear()
    const devtools = await page.context().newCDPSession(page)
    devtools.on('Network.responseReceived', ({ response }) => {
      if (response.mimeType === 'message/ohttp-chunked-res' && response.protocol !== undefined)
        this.protocols.add(response.protocol)
    })
    await devtools.send('Network.enable')
  }
}

function unpadded(ending: AnswerEnd): AnswerEnd {
  return { ...ending, text: withoutPadding(ending.text) }
}

/**
 * `pnpm screenshots [FOLDER]`: the chat and each answer of the panel as a person sees them, into `docs/images` or another folder.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium as browserType, type Browser, type Page } from '@playwright/test'
import { startStaging } from '../services/staging/staging.ts'
import { chromium } from './support/browser.ts'
import { ChatUpstream } from './support/chat-upstream.ts'
import { SdkService } from './support/sdk-service.ts'
import { type Replayed, type UiGlobals, writeUiPage } from './support/ui-page.ts'

const folder: string = process.argv[2] ?? fileURLToPath(new URL('../docs/images', import.meta.url))
const looks = {
  light: { viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  dark: { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  phone: { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
} as const

/** An answer with everything that answers have. */
const SHOWN = `Air scatters **short waves** more than long ones, with $I \\propto 1/\\lambda^4$.

| colour | wavelength | scatters |
|:--|--:|:-:|
| blue | 450 nm | much |
| red | 700 nm | little |

> The violet light is scattered even more.

1. Sunlight enters the air.
   - Blue light leaves its way.

\`\`\`js
const ratio = (700 / 450) ** 4 // about 5.9
\`\`\`

Read more at [an encyclopedia](https://encyclopedia.example/sky).`

/** Vectors whose proofs have each of the answers. */
const answers = {
  proven: 'ok-enrolment',
  limited: 'ok-chain-azure',
  simulated: 'ok-simulated',
  refused: 'chain-other-root',
} as const

const shot = (page: Page, name: string): Promise<Buffer> =>
  page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })

async function chats(browser: Browser): Promise<void> {
  const staging = await startStaging()
  try {
    for (const [look, settings] of Object.entries(looks)) {
      const page = await browser.newPage(settings)
      await page.goto(staging.pageUrl)
      await page.locator('[data-testid="badge"][data-status="simulated"]').waitFor()
      await page.getByTestId('composer').fill('What is a lighthouse for? Answer in two sentences.')
      await page.getByTestId('send').click()
      await page.locator('[data-testid="answer"][data-state="complete"]').waitFor()
      await shot(page, `chat-${look}`)
      await page.close()
    }
  } finally {
    await staging.stop()
  }
}

/** What the small model of staging does not write, and the parts beside the conversation. */
async function parts(browser: Browser): Promise<void> {
  const upstream = await ChatUpstream.start()
  upstream.answer = { deltas: [{ reasoning: 'Air scatters short waves.' }, { content: SHOWN }] }
  const staging = await startStaging({ upstream: upstream.url })
  try {
    for (const [look, settings] of Object.entries(looks)) {
      const page = await browser.newPage(settings)
      await page.goto(staging.pageUrl)
      await page.locator('[data-testid="badge"][data-status="simulated"]').waitFor()
      await page.getByTestId('composer').fill('Why is the sky blue?')
      await page.getByTestId('send').click()
      await page.locator('.answer-text math').first().waitFor()
      await page.locator('.answer-text .hljs-keyword').first().waitFor()
      await shot(page, `chat-answer-${look}`)
      await page.locator('.outward-link').first().click()
      await page.locator('[data-testid="leaving"][open]').waitFor()
      await shot(page, `chat-link-${look}`)
      await page.keyboard.press('Escape')
      await page.getByTestId('open-settings').click()
      await page.locator('[data-testid="settings"][open]').waitFor()
      await page.getByTestId('model').locator('option', { hasText: 'seeing' }).waitFor({ state: 'attached' })
      await shot(page, `chat-settings-${look}`)
      await page.keyboard.press('Escape')
      await page.getByTestId('open-conversations').click()
      await page.getByTestId('entry').first().waitFor()
      await shot(page, `chat-list-${look}`)
      await page.close()
    }
  } finally {
    await staging.stop()
    await upstream.stop()
  }
}

async function panels(browser: Browser): Promise<void> {
  const service = await SdkService.start(writeUiPage)
  service.pages.publish(service.staging.url, {})
  try {
    for (const [answer, name] of Object.entries(answers)) {
      const file = new URL(`../spec/vectors/bundles/${name}.json`, import.meta.url)
      const recorded = JSON.parse(await readFile(file, 'utf8')) as Replayed
      for (const [look, settings] of Object.entries(looks)) {
        const page = await browser.newPage(settings)
        await page.goto(`${service.pages.origin}/ui.html`)
        await page.waitForFunction(() => 'replay' in globalThis)
        await page.evaluate((each) => (globalThis as typeof globalThis & UiGlobals).replay(each), recorded)
        await page.locator(`blindllama-badge[data-status="${answer}"]`).click()
        await page.locator('dialog[open] .word').waitFor()
        await shot(page, `panel-${answer}-${look}`)
        await page.close()
      }
    }
  } finally {
    await service.stop()
  }
}

await mkdir(folder, { recursive: true })
const browser: Browser = await browserType.launch(chromium)
try {
  await panels(browser)
  await chats(browser)
  await parts(browser)
} finally {
  await browser.close()
}

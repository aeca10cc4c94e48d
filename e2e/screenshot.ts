/** `node --import tsx e2e/screenshot.ts FOLDER`: the chat as a person sees it, for README and for looking at. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chromium as browserType, type Page } from '@playwright/test'
import { startStaging } from '../services/staging/staging.ts'
import { chromium } from './support/browser.ts'

const [folder = 'docs'] = process.argv.slice(2)
await mkdir(folder, { recursive: true })
const staging = await startStaging()
const browser = await browserType.launch(chromium)

async function converse(page: Page): Promise<void> {
  await page.goto(staging.pageUrl)
  await page
    .locator('[data-testid="badge"]:is([data-status="proven"], [data-status="limited"], [data-status="simulated"])')
    .waitFor()
  await page.getByTestId('composer').fill('What is a lighthouse for? Answer in two sentences.')
  await page.getByTestId('send').click()
  await page.locator('[data-testid="answer"][data-state="complete"]').waitFor()
}

const shots = [
  { name: 'chat', viewport: { width: 1280, height: 800 }, colorScheme: 'light', panel: true },
  { name: 'chat-dark', viewport: { width: 1280, height: 800 }, colorScheme: 'dark', panel: false },
  { name: 'chat-phone', viewport: { width: 390, height: 844 }, colorScheme: 'light', panel: false },
  { name: 'proof-phone', viewport: { width: 390, height: 844 }, colorScheme: 'dark', panel: true },
] as const
try {
  for (const { name, viewport, colorScheme, panel } of shots) {
    const page = await browser.newPage({ viewport, colorScheme, deviceScaleFactor: 2 })
    await converse(page)
    if (panel) await page.getByTestId('badge').click()
    await page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled' })
    await page.close()
  }
} finally {
  await browser.close()
  await staging.stop()
}

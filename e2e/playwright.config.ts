import { defineConfig, type PlaywrightTestConfig } from '@playwright/test'
import { chromium } from './support/browser.ts'

const config: PlaywrightTestConfig = defineConfig({
  testDir: 'specs',
  outputDir: 'results',
  // One staging service, with one small model on one thread: side by side the stories would only wait for each other.
  workers: 1,
  fullyParallel: false,
  // A test that passes at the second attempt hides a defect.
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: process.env['E2E_REPORT'] ?? 'results/report.json' }]],
  use: { launchOptions: chromium, trace: 'retain-on-failure', viewport: { width: 1280, height: 800 } },
})

export default config

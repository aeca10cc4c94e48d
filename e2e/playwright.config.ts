import { defineConfig, type PlaywrightTestConfig } from '@playwright/test'
import type { EngineOption } from './support/test.ts'

/** Scenarios that another engine would only tell again. */
const once: string[] = [
  // No browser takes part.
  '**/proxied-uploads.spec.ts',
  '**/failover.spec.ts',
  '**/rotation.spec.ts',
  '**/routing.spec.ts',
  '**/usage.spec.ts',
  // axe judges roles, names and computed colours; phones and dark colours are simulated in Chromium alone.
  '**/accessibility.spec.ts',
  '**/ui-accessibility.spec.ts',
  // What a relay passes on is the relay's doing.
  '**/relay.spec.ts',
]

const config: PlaywrightTestConfig<object, EngineOption> = defineConfig<object, EngineOption>({
  testDir: 'specs',
  outputDir: 'results',
  // One staging service, with one small model on one thread: side by side the scenarios would only wait for each other.
  workers: 1,
  fullyParallel: false,
  // A test that passes at the second attempt hides a defect.
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  forbidOnly: true,
  reporter: [['list'], ['json', { outputFile: process.env['E2E_REPORT'] ?? 'results/report.json' }]],
  // `--trace=on` tells more of a failure; always recording would take a third longer.
  use: { screenshot: 'only-on-failure', viewport: { width: 1280, height: 800 } },
  projects: [
    { name: 'chromium', use: { engine: 'chromium' } },
    { name: 'firefox', use: { engine: 'firefox' }, testIgnore: once },
    {
      name: 'webkit',
      use: { engine: 'webkit' },
      testIgnore: once,
      // WebDriver has no command that reads the console, and none that takes the network away.
      grepInvert: /@console|@offline/,
    },
  ],
})

export default config

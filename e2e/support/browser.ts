import { chromium as chromiumType, firefox as firefoxType, type LaunchOptions } from '@playwright/test'
import { playwrightEngine } from './playwright.ts'
import type { Engine } from './tab.ts'
import { launchWebKit } from './webkit/engine.ts'

export type EngineName = 'chromium' | 'firefox' | 'webkit'

/** Debian's Chromium, kept from calling anybody but the page's own addresses. */
export const chromium: LaunchOptions = {
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  // People have the back-forward cache; Playwright leaves it out.
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
  args: [
    // Root, as in containers and CI, cannot have Chromium's sandbox.
    ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-gpu',
    '--disable-quic',
    '--disable-sync',
    '--no-first-run',
  ],
}

/** Debian's Firefox ESR as it is, over WebDriver BiDi. */
const firefox: LaunchOptions = {
  channel: 'moz-firefox',
  executablePath: process.env['FIREFOX'] ?? '/usr/bin/firefox-esr',
}

/** @throws {Error} where the browser is not installed: its scenarios fail, they are never left out */
export async function launch(name: EngineName): Promise<Engine> {
  switch (name) {
    case 'chromium':
      return playwrightEngine(await chromiumType.launch(chromium))
    case 'firefox':
      return playwrightEngine(await firefoxType.launch(firefox))
    case 'webkit':
      return launchWebKit()
  }
}

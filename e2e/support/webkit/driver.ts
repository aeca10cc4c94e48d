import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Child } from '../../../services/staging/child.ts'
import { freePortPair } from '../../../services/staging/ports.ts'
import type { Display } from './display.ts'

/** WebKitGTK's own driver, which starts a MiniBrowser for each session. */
export interface Driver {
  readonly address: string
  stop(): Promise<void>
}

export async function startDriver(folder: string, display: Display, signal: AbortSignal): Promise<Driver> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePortPair()
    const child = new Child({
      name: 'WebKitWebDriver',
      command: 'WebKitWebDriver',
      args: [`--port=${port}`, '--host=127.0.0.1'],
      env: {
        DISPLAY: display.name,
        HOME: folder,
        XDG_RUNTIME_DIR: folder,
        NO_AT_BRIDGE: '1',
        LIBGL_ALWAYS_SOFTWARE: '1',
      },
      log: join(folder, 'webkit.log'),
      signal,
    })
    const address = `http://127.0.0.1:${port}`
    try {
      await child.until(async () => (await fetch(`${address}/status`)).ok, 60_000)
      return { address, stop: () => child.stop() }
    } catch (error) {
      await child.stop()
      // Between the search for a free port and its use, somebody else can have taken it.
      if (attempt === 3 || signal.aborted) throw error
    }
  }
}

/** Debian's path of the little browser that WebKitGTK brings along for its driver. */
export async function findMiniBrowser(): Promise<string> {
  for (const architecture of await readdir('/usr/lib')) {
    const folder = `/usr/lib/${architecture}/webkit2gtk-4.1`
    const names = await readdir(folder).catch((): string[] => [])
    if (names.includes('MiniBrowser')) return join(folder, 'MiniBrowser')
  }
  throw new Error('WebKitGTK is missing. Run: npm run setup')
}

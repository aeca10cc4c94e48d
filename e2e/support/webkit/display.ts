import { join } from 'node:path'
import { Child } from '../../../services/staging/child.ts'

/** A screen that nobody sees: WebKitGTK has no mode without one. */
export interface Display {
  /** For the environment variable of the same name. */
  readonly name: string
  stop(): Promise<void>
}

export async function startDisplay(folder: string, signal: AbortSignal): Promise<Display> {
  const child = new Child({
    name: 'Xvfb',
    command: 'Xvfb',
    // It picks a number that is free and prints it once it is ready.
    args: ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'],
    log: join(folder, 'xvfb.log'),
    signal,
  })
  const number = await child.line((line) => /^\d+$/.exec(line)?.[0], 60_000)
  return { name: `:${number}`, stop: () => child.stop() }
}

import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type * as Sdk from '@blindllama/web-sdk'

/** The folder of the built package; a canary names its own. */
export const sdkFolder: string =
  process.env['E2E_SDK'] ?? fileURLToPath(new URL('../../packages/web-sdk/dist', import.meta.url))

/** The built package, as an application has it. */
export async function loadSdk(): Promise<typeof Sdk> {
  return (await import(pathToFileURL(join(sdkFolder, 'index.js')).href)) as typeof Sdk
}

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as Sdk from '@blindllama/web-sdk'
import { sdkFolder } from './sdk-page.ts'

/** The built package, as an application has it. */
export async function loadSdk(): Promise<typeof Sdk> {
  return (await import(pathToFileURL(join(sdkFolder, 'index.js')).href)) as typeof Sdk
}

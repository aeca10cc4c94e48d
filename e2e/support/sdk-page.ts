import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type * as Sdk from '@blindllama/web-sdk'

/** The folder of the built package; a sabotaged build names its own. */
export const sdkFolder: string =
  process.env['E2E_SDK'] ?? fileURLToPath(new URL('../../packages/web-sdk/dist', import.meta.url))

/** What the script of the package defines in a page. */
export interface SdkGlobals {
  readonly BlindLlama: Pick<typeof Sdk, 'connect' | 'BlindLlamaError'>
}

/**
 * Writes a page that holds the package's script and nothing else, and `/post-quantum.html`, which holds the script for
 * post-quantum keys too; beside them the modules that need no bundler. Gives their folder.
 */
export async function writeSdkPage(folder: string): Promise<string> {
  const page = join(folder, 'page')
  await mkdir(page)
  const head = '<!doctype html><meta charset="utf-8"><title>SDK</title><link rel="icon" href="data:,">'
  await writeFile(join(page, 'index.html'), `${head}<script src="/blindllama.js"></script>`)
  const scripts = '<script src="/blindllama-post-quantum.js"></script><script src="/blindllama.js"></script>'
  await writeFile(join(page, 'post-quantum.html'), `${head}${scripts}`)
  const names = ['blindllama.js', 'blindllama-post-quantum.js', 'blindllama_verifier_bg.wasm', 'state.js']
  const imported = (await readFile(join(sdkFolder, 'state.js'), 'utf8')).matchAll(/from "\.\/([\w.-]+)"/g)
  for (const name of [...names, ...Array.from(imported, ([, chunk = '']) => chunk)])
    await copyFile(join(sdkFolder, name), join(page, name))
  return page
}

import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))

/** A folder with pages that use the built package in the ways that the README names; each sets `globalThis.connect`. */
export async function writePages(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'web-sdk-pages-'))
  await cp(dist, join(folder, 'sdk'), { recursive: true })
  await mkdir(join(folder, 'bundled'))
  await page(join(folder, 'index.html'), '<script src="/sdk/blindllama.js"></script><script src="/script.js"></script>')
  const posing = '<img name="currentScript" src="/elsewhere/image.png">'
  await page(
    join(folder, 'posing.html'),
    `${posing}<script src="/sdk/blindllama.js"></script><script src="/script.js"></script>`,
  )
  await writeFile(join(folder, 'script.js'), 'globalThis.connect = BlindLlama.connect')
  for (const [name, entry] of [
    ['module', '@blindllama/web-sdk'],
    ['inline', '@blindllama/web-sdk/inline'],
  ] as const) {
    await bundle(entry, join(folder, 'bundled', `${name}.js`))
    await page(join(folder, `${name}.html`), `<script type="module" src="/bundled/${name}.js"></script>`)
  }
  // What Vite, webpack and Rspack do by themselves; esbuild leaves the file to its user.
  await cp(join(dist, 'blindllama_verifier_bg.wasm'), join(folder, 'bundled/blindllama_verifier_bg.wasm'))
  return { folder, remove: async () => rm(folder, { recursive: true }) }
}

async function page(path: string, scripts: string): Promise<void> {
  await writeFile(
    path,
    `<!doctype html><meta charset="utf-8"><title>test</title><link rel="icon" href="data:,">${scripts}`,
  )
}

async function bundle(entry: string, outfile: string): Promise<void> {
  const contents = `import { connect } from '${entry}'; globalThis.connect = connect`
  const resolveDir = fileURLToPath(new URL('../..', import.meta.url))
  await build({
    stdin: { contents, resolveDir },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    outfile,
    logLevel: 'error',
  })
}

/** Serves such a folder under another Content-Security-Policy than the staging's. */
export async function servePages(folder: string, contentSecurityPolicy: string): Promise<Server> {
  const types: Record<string, string> = { js: 'text/javascript', html: 'text/html', wasm: 'application/wasm' }
  const server = createServer(async (request, response) => {
    const path = request.url === '/' ? '/index.html' : (request.url ?? '')
    const body = await readFile(join(folder, path)).catch(() => undefined)
    response.setHeader('content-security-policy', contentSecurityPolicy)
    response.setHeader('content-type', types[path.split('.').at(-1) ?? ''] ?? 'text/plain')
    response.writeHead(body ? 200 : 404).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

export function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

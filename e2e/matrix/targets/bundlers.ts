import { build, page, serveFolder } from '../run.ts'
import type { App, Target } from '../target.ts'
import { html, moduleSource } from './sources.ts'

const main = moduleSource('@blindllama/web-sdk')
const copyPage =
  "import { cpSync, mkdirSync } from 'node:fs'\nmkdirSync('dist', { recursive: true })\ncpSync('index.html', 'dist/index.html')\n"
/** What bundlers that do not copy the file leave to the application. */
const copyModule =
  "cpSync('node_modules/@blindllama/web-sdk/dist/blindllama_verifier_bg.wasm', 'dist/blindllama_verifier_bg.wasm')\n"

function bundled(name: string, dependencies: App['dependencies'], script: string, source = main): App {
  return { name, dependencies, files: { 'index.html': html('/main.js'), 'main.js': source, 'build.js': script } }
}

function target(name: string, app: App, isQuick = false): Target {
  return {
    name,
    app,
    isQuick,
    run: async (context) => {
      await build(context, ['node', 'build.js'])
      return page(context, await serveFolder(context, 'dist'))
    },
  }
}

const webpackLike = (importLine: string): string => `${importLine}
${copyPage}
bundle(
  { mode: 'production', entry: './main.js', output: { path: process.cwd() + '/dist', filename: 'main.js', publicPath: '/' }, devtool: false },
  (error, stats) => {
    if (error ?? stats.hasErrors()) {
      console.error(error ?? stats.toString())
      process.exit(1)
    }
  },
)
`

const esbuild = (format: string, extra = ''): string => `import { build } from 'esbuild'
${copyPage}${extra}
await build({ entryPoints: ['main.js'], bundle: true, format: '${format}', outfile: 'dist/main.js', minify: true })
`

const rollup = `import { rollup } from 'rollup'
import resolve from '@rollup/plugin-node-resolve'
import json from '@rollup/plugin-json'
${copyPage}${copyModule}
const bundle = await rollup({ input: 'main.js', plugins: [resolve({ browser: true }), json()] })
await bundle.write({ dir: 'dist', format: 'es' })
`

export const bundlerTargets: readonly Target[] = [
  target('webpack 5', bundled('webpack', { webpack: '5.113.0' }, webpackLike("import bundle from 'webpack'"))),
  target(
    'Rspack',
    bundled('rspack', { '@rspack/core': '2.3.4' }, webpackLike("import { rspack as bundle } from '@rspack/core'")),
  ),
  target('esbuild', bundled('esbuild', { esbuild: '0.28.2' }, esbuild('esm', copyModule)), true),
  target(
    'esbuild, verifier inside, classic script',
    bundled('esbuild-inline', { esbuild: '0.28.2' }, esbuild('iife'), moduleSource('@blindllama/web-sdk/inline')),
  ),
  target(
    'Rollup',
    bundled(
      'rollup',
      { rollup: '4.68.8', '@rollup/plugin-node-resolve': '16.0.3', '@rollup/plugin-json': '6.1.0' },
      rollup,
    ),
  ),
]

/** Bundles the server into `dist/`: one script, the native libraries, nothing else. What runs is what was measured. */
import { cpSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const here: string = dirname(fileURLToPath(import.meta.url))
const dist: string = join(here, 'dist')
const resolve: NodeJS.Require['resolve'] = createRequire(import.meta.url).resolve
const library: string = join(dirname(resolve('node-llama-cpp')), '..')
const binaries: string = join(dirname(resolve('@node-llama-cpp/linux-x64')), '..', 'bins')

/** Downloads, clones, compiles, asks on the terminal: code that a measured server has no business to contain. */
const absent =
  /^(ipull|simple-git|cmake-js|yargs|ora|stdout-update|validate-npm-package-name|chmodrp|@reflink[/]reflink)$/
const otherPlatforms = /^@node-llama-cpp[/](linux-x64-|linux-arm|linux-riscv|mac|win)/

/** The library finds its files from where its own modules lie. In the bundle they all lie in one: so it is told. */
const relocate: Plugin = {
  name: 'relocate',
  setup(builder) {
    builder.onResolve({ filter: absent }, ({ path }) => ({ path, namespace: 'absent' }))
    builder.onResolve({ filter: otherPlatforms }, ({ path }) => ({ path, namespace: 'absent' }))
    builder.onLoad({ filter: /./, namespace: 'absent' }, () => ({ contents: 'module.exports = {}', loader: 'js' }))

    builder.onLoad({ filter: /@node-llama-cpp[/]linux-x64[/]dist[/]index\.js$/ }, ({ path }) => ({
      contents: moveTo('native', 'dist', readFileSync(path, 'utf8')),
      loader: 'js',
    }))
    builder.onLoad({ filter: /[/]node-llama-cpp[/]dist[/]config\.js$/ }, ({ path }) => ({
      contents: moveTo('native/library', 'dist', readFileSync(path, 'utf8')),
      loader: 'js',
    }))
    builder.onLoad({ filter: /[/]node-llama-cpp[/]dist[/]utils[/]getModuleVersion\.js$/ }, ({ path }) => ({
      contents: moveTo('native/library', 'dist/utils', readFileSync(path, 'utf8')),
      loader: 'js',
    }))
    // It would start a second process to try the binaries in, from a file that the bundle does not have.
    builder.onLoad({ filter: /[/]utils[/]testBindingBinary\.js$/ }, () => ({
      contents: 'export async function testBindingBinary() { return true }',
      loader: 'js',
    }))
  },
}

function moveTo(folder: string, depth: string, source: string): string {
  const own = 'path.dirname(fileURLToPath(import.meta.url))'
  if (!source.includes(own)) throw new Error('node-llama-cpp has changed how it finds its files')
  return source.replace(own, `path.join(${own}, '${folder}', '${depth}')`)
}

rmSync(dist, { recursive: true, force: true })
await build({
  entryPoints: [join(here, 'src/main.ts')],
  outfile: join(dist, 'server.mjs'),
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  plugins: [relocate],
  banner: { js: "import { createRequire as r } from 'node:module'; const require = r(import.meta.url);" },
  logLevel: 'warning',
})
mkdirSync(join(dist, 'native/library/llama'), { recursive: true })
cpSync(join(library, 'package.json'), join(dist, 'native/library/package.json'))
cpSync(join(library, 'llama/binariesGithubRelease.json'), join(dist, 'native/library/llama/binariesGithubRelease.json'))
cpSync(join(binaries, '../package.json'), join(dist, 'native/package.json'))
cpSync(binaries, join(dist, 'native/bins'), { recursive: true })

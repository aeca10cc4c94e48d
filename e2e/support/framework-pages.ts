import { copyFile, readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sdkFolder } from './sdk-page.ts'

const ui = fileURLToPath(new URL('../../packages/ui/', import.meta.url))
const require = createRequire(join(ui, 'package.json'))
const { build } = require('esbuild') as { build: (options: object) => Promise<unknown> }

export const frameworks = ['vue', 'svelte'] as const
export type Framework = (typeof frameworks)[number]

/** What a page leaves in its global object. */
export interface FrameworkGlobals {
  /** Shows the badge for a service, under the status of its proof. */
  readonly show: (options: object) => void | Promise<void>
  /** The `fetch` that the wrapper gave. */
  readonly send: typeof fetch
  readonly hide: () => void
}

/** The code of packages/ui/README.md for a framework: what a reader copies is what is tested. */
async function wrapperOf(framework: Framework): Promise<string> {
  const readme = await readFile(join(ui, 'README.md'), 'utf8')
  const [, code] = new RegExp(`\`\`\`js ${framework}\n(.*?)\`\`\``, 's').exec(readme) ?? []
  if (code === undefined) throw new Error(`packages/ui/README.md has no code for ${framework}`)
  return code
}

const mains: Readonly<Record<Framework, string>> = {
  vue: `
    import { createApp, h } from 'vue'
    import { useBlindLlama } from './wrapper'
    globalThis.show = (options) => {
      const app = createApp({
        setup() {
          const { proof, state, fetch } = useBlindLlama(options)
          globalThis.send = fetch
          return () => h('p', [h('blindllama-badge', { '.proof': proof }), h('output', state.value.status)])
        },
      })
      app.mount(document.body.appendChild(document.createElement('div')))
      globalThis.hide = () => app.unmount()
    }`,
  svelte: `
    import { mount, unmount } from 'svelte'
    import { blindLlama } from './wrapper'
    import Page from './page.svelte'
    const show = (options) => {
      const service = blindLlama(options)
      globalThis.send = service.fetch
      const page = mount(Page, { target: document.body, props: service })
      globalThis.hide = () => unmount(page).then(service.close)
    }
    // A task of its own: where WebDriver calls a function of the page, WebKit runs microtasks after each reaction of a custom element,
    // and Svelte takes the one that it is in for ended.
    globalThis.show = (options) => new Promise((shown) => setTimeout(() => shown(show(options))))`,
}

const component = `<script>
  let { proof, current } = $props()
</script>
<p><blindllama-badge {proof}></blindllama-badge><output>{$current.status}</output></p>`

/** Writes `/vue.html` and `/svelte.html` into a folder of pages. */
export async function writeFrameworkPages(page: string): Promise<void> {
  const { compile } = require('svelte/compiler') as {
    compile: (source: string, options: object) => { js: { code: string } }
  }
  await copyFile(join(sdkFolder, 'blindllama_verifier_bg.wasm'), join(page, 'blindllama_verifier_bg.wasm'))
  for (const framework of frameworks) {
    const sources: Readonly<Record<string, string>> = {
      './wrapper': await wrapperOf(framework),
      './page.svelte': compile(component, { fragments: 'tree', dev: false }).js.code,
    }
    const virtual = {
      name: 'virtual',
      setup(bundler: {
        onResolve: (filter: object, answer: (from: { path: string }) => object) => void
        onLoad: (filter: object, answer: (from: { path: string }) => object) => void
      }) {
        bundler.onResolve({ filter: /^\.\/(?:wrapper|page\.svelte)$/ }, ({ path }) => ({ path, namespace: 'virtual' }))
        bundler.onLoad({ filter: /./, namespace: 'virtual' }, ({ path }) => ({
          contents: sources[path],
          resolveDir: ui,
        }))
      },
    }
    await build({
      stdin: { contents: mains[framework], resolveDir: ui },
      bundle: true,
      splitting: true,
      format: 'esm',
      target: 'es2022',
      conditions: ['browser', 'production'],
      define: {
        'process.env.NODE_ENV': '"production"',
        __VUE_OPTIONS_API__: 'false',
        __VUE_PROD_DEVTOOLS__: 'false',
        __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
      },
      plugins: [virtual],
      entryNames: framework,
      chunkNames: `${framework}-[hash]`,
      outdir: page,
      logLevel: 'error',
    })
    const head = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${framework}</title><link rel="icon" href="data:,">`
    await writeFile(join(page, `${framework}.html`), `${head}<script type="module" src="/${framework}.js"></script>`)
  }
}

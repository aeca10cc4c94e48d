import { build, page, serve, serveFolder } from '../run.ts'
import type { App, Context, Outcome, Target } from '../target.ts'
import { html, moduleSource } from './sources.ts'

const vite = 'node_modules/vite/bin/vite.js'
/** Of each major: the newest version that was tried. */
const versions = { 5: '5.4.9', 6: '6.4.6', 7: '7.3.8', 8: '8.4.0' } as const

function app(major: keyof typeof versions): App {
  const name = `vite-${major}`
  const dependencies = { vite: versions[major] }
  return {
    name,
    dependencies,
    files: { 'index.html': html('/main.js'), 'main.js': moduleSource('@blindllama/web-sdk') },
  }
}

/** As docs/INTEGRATING.md says it: the page's own server passes the service on, so that nothing is cross-origin. */
const proxied: App = {
  name: 'vite-proxy',
  dependencies: { vite: versions[8] },
  files: {
    'index.html': html('/main.js'),
    'main.js': moduleSource('@blindllama/web-sdk').replace(
      '{ ...service, policy }',
      "{ ...service, policy, url: '/llm/' }",
    ),
    'vite.config.js': `import { service } from './service.js'

export default {
  server: { proxy: { '/llm/': { target: service.url, rewrite: (path) => path.replace('/llm/', '/') } } },
}
`,
  },
}

async function dev(context: Context): Promise<Outcome> {
  const port = ['--port', String(context.port), '--strictPort', '--host', '127.0.0.1']
  return page(context, await serve(context, ['node', vite, ...port]))
}

/** Without a configuration: the SDK is a package like any other to the dev server and to the build. */
const plain: readonly Target[] = ([5, 6, 7, 8] as const).flatMap((major): Target[] => {
  const shared = app(major)
  return [
    {
      name: `Vite ${major}, dev server`,
      app: shared,
      run: dev,
    },
    {
      name: `Vite ${major}, build`,
      app: shared,
      run: async (context) => {
        await build(context, ['node', vite, 'build'])
        return page(context, await serveFolder(context, 'dist'))
      },
    },
  ]
})

export const viteTargets: readonly Target[] = [
  ...plain,
  { name: 'Vite 8, dev server with a proxy to the service', app: proxied, run: dev },
]

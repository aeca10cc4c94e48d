import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin, type ServerOptions, type UserConfig } from 'vite'

/** The page of a running staging (`pnpm start`), whose service `pnpm dev` uses. */
const STAGING = process.env['STAGING'] ?? 'http://127.0.0.1:4180'

/**
 * Lets the development server stand between page and gateway, as any proxy may: it sees public evidence and ciphertext.
 * The page then talks to its own origin, so the gateway need not know a further one.
 */
function throughDevelopmentServer(): Plugin {
  let staging: { url: string }
  return {
    name: 'blindllama-staging',
    apply: (_config, { command, isPreview }) => command === 'serve' && isPreview !== true,
    async config() {
      const answer = await fetch(new URL('/staging.json', STAGING)).catch((cause: unknown) => {
        throw new Error(`No staging at ${STAGING}: run \`pnpm start\` first, or name its page in STAGING`, { cause })
      })
      staging = (await answer.json()) as { url: string }
      const proxy: ServerOptions['proxy'] = {
        '/blindllama/': {
          target: staging.url,
          configure: (server) => server.on('proxyReq', (request) => request.removeHeader('origin')),
        },
      }
      return { server: { host: '127.0.0.1', proxy } }
    },
    configureServer({ middlewares }) {
      middlewares.use('/staging.json', (request, response) => {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify({ ...staging, url: `http://${request.headers.host}/` }))
      })
    },
  }
}

const config: UserConfig = defineConfig({
  plugins: [react(), throughDevelopmentServer()],
  build: {
    target: 'es2022',
    // The page's Content-Security-Policy has neither inline scripts nor data: addresses for code, styles or the verifier.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
})

export default config

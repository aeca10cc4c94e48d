import { createHash } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
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

/**
 * Builds the sources, which name `react`, with Preact: React's own 69 KB (gzip) would be more than a third of what the page may load.
 * Without this plugin the same sources run with React.
 */
export function preact(): Plugin {
  const standIns: Readonly<Record<string, string>> = {
    react: 'preact/compat',
    'react/jsx-runtime': 'preact/jsx-runtime',
    'react/jsx-dev-runtime': 'preact/jsx-runtime',
    'react-dom': 'preact/compat',
    'react-dom/client': 'preact/compat/client',
    'react-dom/test-utils': 'preact/test-utils',
  }
  return {
    name: 'blindllama-preact',
    enforce: 'pre',
    async resolveId(source) {
      const standIn = standIns[source]
      // From this folder: the packages beside it have no Preact of their own.
      return standIn === undefined ? undefined : this.resolve(standIn, import.meta.filename, { skipSelf: true })
    },
  }
}

/** What is of no use without a network: the verifier, the channel's fallback, certificates, the client, and readers of new files. */
const ONLINE_ONLY =
  /\.(?:wasm|map|mjs)$|\/(?:post-quantum|certificates|unreachable|openai|client|pdf|read-file)[.-][^/]*\.js$|^\/offline\.js$/

/** Writes into the service worker which files it copies, each with its SHA-256: it serves no other. */
function offlineCopy(): Plugin {
  return {
    name: 'blindllama-offline-copy',
    apply: 'build',
    async writeBundle({ dir = 'dist' }) {
      const entries = await readdir(dir, { recursive: true, withFileTypes: true })
      const files: Record<string, string> = {}
      for (const entry of entries.filter((each) => each.isFile()).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        const path = `/${relative(dir, join(entry.parentPath, entry.name))}`
        if (ONLINE_ONLY.test(path)) continue
        const hash = createHash('sha256')
          .update(await readFile(join(dir, path)))
          .digest('base64')
        files[path === '/index.html' ? '/' : path] = `sha256-${hash}`
      }
      const list = JSON.stringify(files)
      const worker = join(dir, 'offline.js')
      const text = await readFile(worker, 'utf8')
      const digest = createHash('sha256').update(list).digest('hex').slice(0, 16)
      // With its quotation marks, of which each build tool has its own.
      const written = text.replace(/(["'`])__FILES__\1/, () => JSON.stringify(list)).replace('__DIGEST__', () => digest)
      if (!written.includes(JSON.stringify(list)) || !written.includes(digest))
        throw new Error('src/offline/worker.ts has no place for the list of files')
      await writeFile(worker, written)
    },
  }
}

const config: UserConfig = defineConfig({
  plugins: [react(), preact(), offlineCopy(), throughDevelopmentServer()],
  build: {
    target: 'es2022',
    // The page's Content-Security-Policy has neither inline scripts nor data: addresses for code, styles or the verifier.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      input: { index: 'index.html', offline: 'src/offline/worker.ts' },
      output: {
        entryFileNames: ({ name }) => (name === 'offline' ? 'offline.js' : 'assets/[name]-[hash].js'),
        // Servers know the type of `.js`, without which no worker starts; not all of them know that of `.mjs`.
        assetFileNames: ({ names }) =>
          names.some((name) => name.endsWith('.mjs')) ? 'assets/[name]-[hash].js' : 'assets/[name]-[hash][extname]',
      },
    },
  },
})

export default config

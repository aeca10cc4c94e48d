import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/** Where `pnpm start` serves the staging: `pnpm dev` takes the description of the service from there. */
const staging = process.env['STAGING_ORIGIN'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  plugins: [react()],
  server: { host: '127.0.0.1', proxy: { '/staging.json': staging } },
  build: {
    target: 'es2022',
    // The page's Content-Security-Policy has neither inline scripts nor data: addresses for code, styles or the verifier.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
})

import { defineConfig, type UserConfig } from 'vite'

const config: UserConfig = defineConfig({
  // The page's Content-Security-Policy has neither inline scripts nor data: addresses for code or the verifier.
  build: { target: 'es2022', modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
})
export default config

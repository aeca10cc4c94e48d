import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { defineConfig, type UserConfig } from 'tsdown'

const { resolve } = createRequire(import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8')) as { version: string }

const inspectWasm = resolve('@blindllama/verifier-wasm/inspect.wasm')

/** Tests build what they run into a folder of their own. */
const outDir = process.env['CLI_OUT_DIR'] ?? 'dist'

function sha256(file: string): string {
  return JSON.stringify(createHash('sha256').update(readFileSync(file)).digest('hex'))
}

const config: UserConfig = defineConfig({
  tsconfig: 'tsconfig.json',
  target: 'node20',
  platform: 'node',
  entry: { blindllama: 'src/main.ts' },
  format: 'esm',
  outDir,
  dts: false,
  outputOptions: { entryFileNames: '[name].js' },
  // The module that judges is read from the SDK's package, so that both always have the same.
  deps: { alwaysBundle: [/^@blindllama\/verifier-wasm/] },
  copy: [{ from: inspectWasm, to: outDir, rename: 'blindllama_inspect_bg.wasm' }],
  define: {
    VERSION: JSON.stringify(version),
    WASM_SHA256: sha256(resolve('@blindllama/web-sdk/blindllama_verifier_bg.wasm')),
    INSPECT_WASM_SHA256: sha256(inspectWasm),
  },
})
export default config

/** Writes `dist/verifier.html`: the offline verifier in one file, which names no other. Prints its SHA-256. */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const require = createRequire(import.meta.url)
const wasm = await readFile(require.resolve('@blindllama/web-sdk/blindllama_verifier_bg.wasm'))
const target: string = fileURLToPath(new URL('dist/verifier.html', import.meta.url))

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('src/offline/main.ts', import.meta.url))],
  bundle: true,
  minify: true,
  write: false,
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  // The way in which modules find their file beside them, which nothing in this page takes.
  define: { WASM_BASE64: JSON.stringify(wasm.toString('base64')), 'import.meta': '{}' },
  logLevel: 'error',
})
// An element of the script ends at the first end tag in it, wherever that stands.
const script: string = (outputFiles[0]?.text ?? '').trimEnd().replaceAll('</script', '<\\/script')
const style = `html{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}body{max-width:44rem;margin:0 auto;padding:1rem}
label{display:block;margin-top:1rem;font-weight:600}textarea,input:not([type=checkbox]){display:block;width:100%;box-sizing:border-box;font:inherit}
textarea{height:9rem;font-family:ui-monospace,monospace}button{margin:1rem 0;padding:.5rem 1.2rem;font:inherit}[hidden]{display:none}`

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
const policy: string = [
  "default-src 'none'",
  `script-src ${hash(script)} 'wasm-unsafe-eval'`,
  `style-src ${hash(style)}`,
  'connect-src https: http://127.0.0.1:* http://localhost:*',
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<meta name="referrer" content="no-referrer">
<title>BlindLlama verifier</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>Verify a service yourself</h1>
<p>This file holds the whole verifier. Open it from disk, so that no page has to be trusted that is judged by it.</p>
<label for="policy">Policy: what the service must prove</label>
<textarea id="policy" spellcheck="false"></textarea>
<label for="policy-file">… or its file</label>
<input id="policy-file" type="file" accept=".json,application/json">
<label for="address">Address of the service</label>
<input id="address" type="url" placeholder="https://chat.example/" autocomplete="off">
<label for="file">… or a receipt or a verification record</label>
<input id="file" type="file" accept=".json,application/json">
<label><input id="simulated" type="checkbox"> Accept a simulated TPM, which proves nothing</label>
<button id="verify" type="button">Verify</button>
<div id="outcome" role="status"></div>
<blindllama-verification id="proof" hidden></blindllama-verification>
</main>
<script>${script}</script>
</body>
</html>
`
await writeFile(target, page)
process.stdout.write(
  `${target}: ${page.length} characters, SHA-256 ${createHash('sha256').update(page).digest('hex')}\n`,
)

import { copyFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sdkFolder } from './sdk-page.ts'

const ui = fileURLToPath(new URL('../../packages/ui/', import.meta.url))
const { build } = createRequire(join(ui, 'package.json'))('esbuild') as { build: (options: object) => Promise<unknown> }

/** Evidence as a client would have received it, bytes in hex. */
export interface Replayed {
  readonly evidence: string
  readonly static: string | null
  readonly nonce: string
  readonly policy: string
  readonly audience: string
  readonly nowMs: number
  readonly allowSimulated: boolean
}

/** What the page leaves in its global object. */
export interface UiGlobals {
  /** Connects to a service and shows its proof. */
  readonly attest: (options: { url: string; policy: string; dangerouslyAllowSimulated: boolean }) => Promise<void>
  readonly renew: () => Promise<void>
  /** Shows the proof of recorded evidence; the posted verdict is that of the real verifier, or a forged one. */
  readonly replay: (recorded: Replayed, forged?: boolean) => Promise<void>
  readonly german: () => void
  /** Directives of the CSP that the browser enforced against the page. */
  readonly violations: readonly string[]
}

const source = `
  import { Proof } from '@blindllama/ui'
  import { de } from '@blindllama/ui/de'
  import { connect } from '@blindllama/web-sdk'
  import { verifyEvidence } from '@blindllama/web-sdk/verify'

  globalThis.violations = []
  document.addEventListener('securitypolicyviolation', (event) => globalThis.violations.push(event.effectiveDirective))

  const elements = ['badge', 'verification', 'refusal'].map((name) => document.querySelector('blindllama-' + name))
  const show = (proof) => elements.forEach((element) => (element.proof = proof))
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
  let client

  globalThis.attest = async (options) => {
    const proof = new Proof({ ...options, retry: () => client?.renew().catch(() => {}) })
    show(proof)
    client = await connect({ ...options, onEvent: proof.onEvent }).catch(() => undefined)
  }
  globalThis.renew = () => client.renew()
  globalThis.replay = async (recorded, forged = false) => {
    const { policy, audience, nowMs, allowSimulated } = recorded
    const received = {
      evidence: bytes(recorded.evidence),
      nonce: bytes(recorded.nonce),
      staticPart: recorded.static === null ? undefined : bytes(recorded.static),
    }
    const proof = new Proof({ url: audience, policy, dangerouslyAllowSimulated: allowSimulated, retry: () => {} })
    show(proof)
    const options = { policy, audience, receivedAtMs: nowMs, allowSimulated }
    const verdict = forged
      ? { result: 'pass', simulated: false, assurance: 'hardware-tpm', steps: [], key: { publicKey: '00' } }
      : await verifyEvidence(received, options)
    proof.onEvent({ type: 'attesting', reason: 'connect' })
    proof.onEvent({ type: 'evidence', ...received, receivedAtMs: nowMs })
    proof.onEvent({ type: 'verdict', verdict })
    proof.onEvent({ type: 'ready', expiresInMs: 3_600_000 })
  }
  globalThis.german = () => elements.forEach((element) => (element.strings = de))
`

/** Writes `/ui.html`, a page with the elements of `@blindllama/ui`, into a folder of pages. */
export async function writeUiPage(page: string): Promise<void> {
  await build({
    stdin: { contents: source, resolveDir: ui },
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    entryNames: 'ui',
    chunkNames: 'ui-[name]-[hash]',
    outdir: page,
    logLevel: 'error',
  })
  await copyFile(join(sdkFolder, 'blindllama_verifier_bg.wasm'), join(page, 'blindllama_verifier_bg.wasm'))
  await writeFile(join(page, 'ui.css'), 'html { color-scheme: light dark } body { margin: 0; font-family: sans-serif }')
  const head = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Proof</title>
    <meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><link rel="stylesheet" href="/ui.css">`
  const body = `<header>A header</header><main><h1>A page</h1><blindllama-badge for="proof"></blindllama-badge>
    <blindllama-refusal for="proof"></blindllama-refusal>`
  const script = '<script type="module" src="/ui.js"></script>'
  const panel = '<blindllama-verification id="proof" dialog></blindllama-verification></main>'
  await writeFile(join(page, 'ui.html'), `${head}${body}${panel}${script}`)
}

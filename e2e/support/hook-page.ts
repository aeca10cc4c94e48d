import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeFile } from 'node:fs/promises'
import { sdkFolder } from './sdk-page.ts'

const sdk = fileURLToPath(new URL('../../packages/web-sdk/', import.meta.url))
const { build } = createRequire(join(sdk, 'package.json'))('esbuild') as {
  build: (options: object) => Promise<unknown>
}

/** What the page leaves in its global object. */
export interface HookGlobals {
  /** Shows the component for a service. */
  show: (options: object) => void
  /** The states that the component went through, in their order. */
  readonly states: string[]
  /** What the model said, or the code of what went wrong. */
  readonly answer: Promise<string>
}

/** A component as an application writes it: the client is made in the first render, and asks as soon as it is there. */
const source = `
  import { useBlindLlama } from '@blindllama/web-sdk/react'
  import OpenAI from 'openai'
  import { createElement, useEffect, useState } from 'react'
  import { createRoot } from 'react-dom/client'

  globalThis.states = []
  globalThis.answer = new Promise((resolve) => (globalThis.answered = resolve))

  function codeIn(error) {
    return error?.code ?? (error?.cause === undefined ? String(error) : codeIn(error.cause))
  }

  function Chat({ options }) {
    const { status, fetch } = useBlindLlama(options)
    if (globalThis.states.at(-1) !== status) globalThis.states.push(status)
    const [openai] = useState(
      () =>
        new OpenAI({
          baseURL: options.url + 'v1',
          apiKey: 'sk-live-secret',
          dangerouslyAllowBrowser: true,
          maxRetries: 0,
          fetch,
        }),
    )
    useEffect(() => {
      const messages = [{ role: 'user', content: 'private words' }]
      const asked = openai.chat.completions.create({ model: 'any', messages, stream: true, tokens: 3 })
      const read = async () => {
        let said = ''
        for await (const chunk of await asked) said += chunk.choices[0]?.delta.content ?? ''
        return said
      }
      read().then(globalThis.answered, (error) => globalThis.answered(codeIn(error)))
    }, [openai])
    return createElement('p', null, status)
  }

  globalThis.show = (options) =>
    createRoot(document.body.appendChild(document.createElement('div'))).render(createElement(Chat, { options }))
`

/** Writes `/hook.html` into a folder that {@link writeSdkPage} made. */
export async function writeHookPage(page: string): Promise<void> {
  await build({
    stdin: { contents: source, resolveDir: sdk },
    alias: { '@blindllama/web-sdk/react': join(sdkFolder, 'react.js') },
    define: { 'process.env.NODE_ENV': '"production"' },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    outfile: join(page, 'hook.js'),
    logLevel: 'error',
  })
  const head = '<!doctype html><meta charset="utf-8"><title>hook</title><link rel="icon" href="data:,">'
  await writeFile(join(page, 'hook.html'), `${head}<script type="module" src="/hook.js"></script>`)
}

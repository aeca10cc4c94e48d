import { build, page, serve } from '../run.ts'
import type { App, Context, Outcome, Target } from '../target.ts'

const client = (entry: string): string => `'use client'
import { useEffect } from 'react'
import { useBlindLlama } from '${entry}'
import policy from '../policy.json'
import { stream } from '../ask.js'
import { service } from '../service.js'

export function Client() {
  const { status, fetch, verification, error } = useBlindLlama({ url: service.url, policy, dangerouslyAllowSimulated: true })
  useEffect(() => {
    if (status === 'error') globalThis.outcome = { error: String(error) }
    if (status === 'ready')
      stream(fetch, verification, service).then(
        (outcome) => (globalThis.outcome = outcome),
        (reason) => (globalThis.outcome = { error: String(reason) }),
      )
  }, [status])
  return <p>{status}</p>
}
`

const app: App = {
  name: 'next',
  dependencies: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
  files: {
    'next.config.js': `export default { devIndicators: false, distDir: process.env.DIST ?? '.next' }\n`,
    'app/layout.js': 'export default ({ children }) => <html lang="en"><body>{children}</body></html>\n',
    'app/page.js': "import { Client } from './client.js'\nexport default () => <Client />\n",
    'app/client.js': client('@blindllama/web-sdk/react'),
    'app/inline/page.js': "import { Client } from './client.js'\nexport default () => <Client />\n",
    'app/inline/client.js': client('@blindllama/web-sdk/react/inline').replaceAll("'../", "'../../"),
    // On its server Next names files by their address in the browser, which the server cannot read: there the entry has the verifier inside.
    'app/ask/route.js': `import { connect } from '@blindllama/web-sdk'
import { ask } from '../../ask.js'
import { service } from '../../service.js'

export const dynamic = 'force-dynamic'
export const GET = async () => Response.json(await ask(connect, service))
`,
    'app/action/page.js': `import { Call } from './call.js'
import { act } from './act.js'
export default () => <Call act={act} />
`,
    'app/action/act.js': `'use server'
import { connect } from '@blindllama/web-sdk/inline'
import { ask } from '../../ask.js'
import { service } from '../../service.js'

export async function act() {
  return ask(connect, service)
}
`,
    'app/action/call.js': `'use client'
import { useEffect } from 'react'

export function Call({ act }) {
  useEffect(() => {
    act().then(
      (outcome) => (globalThis.outcome = outcome),
      (reason) => (globalThis.outcome = { error: String(reason) }),
    )
  }, [])
  return null
}
`,
  },
}

const next = 'node_modules/next/dist/bin/next'
const builds = new Map<string, Promise<void>>()

/** Builds once with each bundler, and serves the build at the target's port. */
async function start(context: Context, bundler: 'turbopack' | 'webpack', path: string): Promise<string> {
  const dist = `DIST=.next-${bundler}`
  const built = builds.get(bundler) ?? build(context, ['env', dist, 'node', next, 'build', `--${bundler}`])
  builds.set(bundler, built)
  await built
  const server = ['env', dist, 'node', next, 'start', '-p', String(context.port), '-H', '127.0.0.1']
  return new URL(path, await serve(context, server)).href
}

function target(name: string, bundler: 'turbopack' | 'webpack', path: string): Target {
  const run = async (context: Context): Promise<Outcome> => {
    const address = await start(context, bundler, path)
    if (path !== '/ask') return page(context, address)
    return (await (await fetch(address)).json()) as Outcome
  }
  return { name: `Next 16, ${bundler}, ${name}`, app, timeoutMs: 300_000, run }
}

export const nextTargets: readonly Target[] = (['turbopack', 'webpack'] as const).flatMap((bundler) => [
  target('client component', bundler, '/'),
  target('client component, verifier inside', bundler, '/inline'),
  target('route handler', bundler, '/ask'),
  target('server action', bundler, '/action'),
])

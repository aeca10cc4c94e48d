import { program } from '../run.ts'
import type { App, Target } from '../target.ts'

const vitest = 'node_modules/vitest/vitest.mjs'

/** A test of the application, which tells its outcome in a file. */
const app: App = {
  name: 'vitest',
  dependencies: { vitest: '4.1.12', jsdom: '26.1.0' },
  files: {
    'vitest.config.js': "export default { test: { environment: 'jsdom', testTimeout: 30_000 } }\n",
    'real.test.js': `// @vitest-environment jsdom
import { connect } from '@blindllama/web-sdk/inline'
import { writeFileSync } from 'node:fs'
import { test } from 'vitest'
import { ask } from './ask.js'
import { service } from './service.js'

test('a service is proven from jsdom', async () => {
  writeFileSync('real.json', JSON.stringify(await ask(connect, service)))
})
`,
    'fake.test.js': `import { fakeClient } from '@blindllama/web-sdk/testing'
import { expect, test, vi } from 'vitest'

test('the test double answers, and is refused in production', async () => {
  const client = fakeClient({ respond: () => new Response('data: [DONE]') })
  expect(client.verdict.fake).toBe(true)
  expect(await (await client.fetch('v1/models')).text()).toBe('data: [DONE]')
  vi.stubEnv('NODE_ENV', 'production')
  expect(() => fakeClient({ respond: () => new Response() })).toThrow(/client[.]fake/)
})
`,
    'main.js': `import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'

const { status, stdout, stderr } = spawnSync(process.execPath, ['${vitest}', 'run'], { encoding: 'utf8', env: { ...process.env, NODE_ENV: 'test' } })
console.log(status === 0 && existsSync('real.json') ? readFileSync('real.json', 'utf8') : JSON.stringify({ error: stdout + stderr }))
`,
  },
}

export const vitestTargets: readonly Target[] = [
  {
    name: 'vitest with jsdom, and the test double',
    app,
    run: async (context) => program(context, ['node', 'main.js']),
  },
]

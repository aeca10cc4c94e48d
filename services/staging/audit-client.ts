/**
 * Walks step 1 of docs/AUDIT.md: a developer and an auditor sign the manifest of the client that this checkout has built, a log takes it,
 * and `pnpm audit:client` verifies manifest and log, rebuilds the commit and compares the bytes. Ends as that command does.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkoutCommit } from './commit.ts'
import { Publisher } from './publisher.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))
const folder = await mkdtemp(join(tmpdir(), 'blindllama-audit-client-'))
const abort = new AbortController()
try {
  const publisher = await Publisher.start(join(folder, 'publisher'), abort.signal)
  try {
    const { id } = await checkoutCommit()
    const dist = join(root, 'packages/web-sdk/dist')
    const manifest = await publisher.client({ name: 'web-sdk of this checkout', folder: dist, sourceCommit: id })
    const policy = join(folder, 'policy.json')
    await writeFile(policy, publisher.policy())
    const words = ['--manifest', manifest, '--policy', policy, '--proof', `${manifest}.proof`]
    const audit = spawn(process.execPath, ['--import', 'tsx', 'tools/audit.ts', ...words], {
      cwd: root,
      stdio: 'inherit',
    })
    const [code] = (await once(audit, 'close')) as [number | null]
    process.exitCode = code ?? 1
  } finally {
    await publisher.stop()
  }
} finally {
  abort.abort()
  await rm(folder, { recursive: true, force: true })
}

import { fileURLToPath } from 'node:url'
import { assertOk } from '../../tools/run/assert-ok.ts'
import { runCommand } from '../../tools/run/command.ts'

const example: string = fileURLToPath(new URL('../../examples/minimal', import.meta.url))

/** Builds the page of `examples/minimal` into `minimal/` of a folder of pages. */
export async function writeMinimalPage(page: string): Promise<void> {
  const vite = ['pnpm', 'exec', 'vite', 'build', '--base', '/minimal/', '--outDir', `${page}/minimal`]
  assertOk('vite', await runCommand(vite, { cwd: example, timeoutMs: 60_000 }))
}

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { assertOk } from '../run/assert-ok.ts'
import { runCommand } from '../run/command.ts'
import { type Files, filesIn } from './compare.ts'

const minutes = 60_000

/**
 * Builds the SDK of a commit in a folder of its own: nothing that this checkout has built or changed is used.
 *
 * @param root the checkout, whose git has the commit
 * @param folder an empty one
 * @param progress hears the command of each step
 */
export async function rebuildSdk(
  root: string,
  commit: string,
  folder: string,
  progress: (line: string) => void,
): Promise<Files> {
  const source = join(folder, 'source')
  await mkdir(source)
  const run = async (words: readonly string[], cwd: string, timeoutMs: number): Promise<void> => {
    progress(`  ${words.join(' ')}`)
    assertOk(
      words.join(' '),
      await runCommand(words, { cwd, timeoutMs, env: { CARGO_TARGET_DIR: join(source, 'target') } }),
    )
  }
  await run(['git', 'archive', '--output', join(folder, 'source.tar'), commit], root, minutes)
  await run(['tar', '--extract', '--file', join(folder, 'source.tar')], source, minutes)
  await run(['pnpm', 'install', '--frozen-lockfile', '--prefer-offline'], source, 5 * minutes)
  await run(['node', '--import', 'tsx', 'tools/build-wasm.ts', 'pkg'], source, 20 * minutes)
  const sdk = join(source, 'packages/web-sdk')
  await run(['pnpm', 'build'], sdk, 5 * minutes)
  return filesIn(join(sdk, 'dist'), 'dist')
}

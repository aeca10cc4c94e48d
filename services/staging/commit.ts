import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import '../../tools/environment.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))

const git = async (...words: string[]): Promise<string> =>
  (await promisify(execFile)('git', words, { cwd: root, timeout: 20_000 })).stdout.trim()

/** The commit of this checkout, hexadecimal, and whether files differ from it; zeros where it has none. */
export async function checkoutCommit(): Promise<{ id: string; isChanged: boolean }> {
  try {
    return { id: await git('rev-parse', 'HEAD'), isChanged: (await git('status', '--porcelain')) !== '' }
  } catch {
    return { id: '00'.repeat(20), isChanged: true }
  }
}

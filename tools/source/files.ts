import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import '../environment.ts'

/** A source file of the repository. */
export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string
  readonly text: string
}

/** The files below `root` that match one of the git pathspecs, tracked or new, without those that `.gitignore` names. */
export function sourceFiles(root: string, ...pathspecs: readonly string[]): SourceFile[] {
  const list = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '-z', '--', ...pathspecs],
    {
      cwd: root,
    },
  )
  return list
    .toString()
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path)))
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

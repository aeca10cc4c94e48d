import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import '../environment.ts'

const root: string = fileURLToPath(new URL('../..', import.meta.url))

/** Paths, relative to the root, of the files that are in git or will be. Built files are not among them. */
export const files: readonly string[] = execFileSync(
  'git',
  ['ls-files', '--cached', '--others', '--exclude-standard', '-z'],
  { cwd: root, maxBuffer: 64 * 1024 * 1024 },
)
  .toString()
  .split('\0')
  .filter((name) => name !== '' && existsSync(join(root, name)))

/** Every page of Markdown. */
export const pages: readonly string[] = files.filter((name) => name.endsWith('.md'))

/** The text of a file of the tree. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** A page without its fenced code. Numbers of lines stay. */
export function withoutCode(page: string): string {
  return page.replaceAll(/^( *)(```+|~~~+)[^]*?^ *\2.*$/gm, (code) => code.replaceAll(/[^\n]/g, ''))
}

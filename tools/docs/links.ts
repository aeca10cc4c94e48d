import { dirname, join } from 'node:path'
import { files, read, withoutCode } from './tree.ts'

/** Where readers of a published package find the files of the repository. */
const repository = 'https://github.com/blindllama/blindllama-web/blob/main/'

const folders: ReadonlySet<string> = new Set(files.flatMap((file) => parents(file)))
const tracked: ReadonlySet<string> = new Set(files)

/** The folders around a path, the innermost first and the root (`.`) last. */
export function parents(path: string): string[] {
  const folder = dirname(path)
  return folder === '.' ? ['.'] : [folder, ...parents(folder)]
}

/** Whether the repository has a file or a folder at this path from its root. */
export function exists(path: string): boolean {
  const name = path.replace(/\/$/, '')
  return tracked.has(name) || folders.has(name)
}

/** Targets of the links of a page: in brackets, in definitions, and in HTML. */
export function linksOf(page: string): string[] {
  const forms = /\]\(([^)\s]+)(?:\s+"[^"]*")?\)|^ {0,3}\[[^\]]+\]:\s*(\S+)|\b(?:href|src)="([^"]+)"/gm
  const prose = withoutCode(page).replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(forms)].map(([, inline, definition, html]) => inline ?? definition ?? html ?? '')
}

/**
 * Why a link leads nowhere; undefined where it leads somewhere. Other sites are not asked.
 *
 * @param page path of the page that has the link, from the root
 * @param link as it is written: relative to the page, `#anchor`, or the URL of a file of this repository
 */
export function deadLink(page: string, link: string): string | undefined {
  const own = link.startsWith(repository)
  if (!own && /^[a-z]+:/.test(link)) return undefined
  const [path = '', anchor] = (own ? link.slice(repository.length) : link).split('#')
  const target = path === '' ? page : own ? path : join(dirname(page), path)
  if (!exists(target)) return `${link}: no such file`
  if (anchor === undefined) return undefined
  if (!target.endsWith('.md')) return /^L\d+(?:-L\d+)?$/.test(anchor) ? undefined : `${link}: no such line`
  return anchors(read(target)).has(anchor) ? undefined : `${link}: no such heading`
}

/** The anchors that GitHub gives to the headings of a page. */
function anchors(page: string): Set<string> {
  const seen = new Map<string, number>()
  const names = [...withoutCode(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim()
    const name = text
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-')
    const times = seen.get(name) ?? 0
    seen.set(name, times + 1)
    return times === 0 ? name : `${name}-${times}`
  })
  return new Set(names)
}

import { join } from 'node:path'
import { exists, parents } from './links.ts'
import { pages, read, withoutCode } from './tree.ts'

/** Numbers of the sections of the protocol, such as `7` and `7.1`. */
const sections: ReadonlySet<string> = new Set(
  pages
    .filter((page) => page.startsWith('spec/protocol/'))
    .flatMap((page) =>
      [...withoutCode(read(page)).matchAll(/^#{1,6} (\d+(?:\.\d+)?) /gm)].map(([, number = '']) => number),
    ),
)

/**
 * What a text cites that is not there: sections, as `PROTOCOL.md §7.1` or `PROTOCOL §7.1`, and paths, as `docs/ERRORS.md`. Paths start at the root or at a
 * folder around the file.
 *
 * @param file path of the file that has the text, from the root
 * @param text comments, or the prose of a page
 */
export function deadCitations(file: string, text: string): string[] {
  const starts = parents(file)
  const cited = [...text.matchAll(/PROTOCOL(?:\.md)?`?\s+§(\d+(?:\.\d+)?)/g)].filter(
    ([, number = '']) => !sections.has(number),
  )
  const paths = [
    ...text.matchAll(
      /(?<![\w./-])(?:docs|spec|packages|assurance|services|e2e|tools|bench|examples)\/[\w./-]*\.(?:md|json|toml|rs|tsx?)\b/g,
    ),
  ]
  const absent = paths.map(([path]) => path).filter((path) => !starts.some((start) => exists(join(start, path))))
  return [...cited.map(([citation]) => citation), ...absent]
}

/** The comments of a source in Rust, TypeScript, Go, TOML or shell: lines that are comments as a whole. */
export function commentsOf(source: string): string {
  return source
    .split('\n')
    .filter((line) => /^\s*(?:\/\/|\/\*|\*|#)/.test(line))
    .join('\n')
}

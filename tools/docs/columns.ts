import { withoutCode } from './tree.ts'

/** Columns of prose in Markdown; `.rumdl.toml` has the same number. */
export const columns = 100

/**
 * The lines of prose that are wider than {@link columns}, as `number: text`.
 *
 * Code, tables, headings and definitions of links cannot be wrapped. The target of a link does not count, nor does a word that fills
 * its line.
 */
export function tooWide(page: string): string[] {
  return withoutCode(page)
    .split('\n')
    .flatMap((line, index) => {
      const fixed = /^\s*(?:\||#{1,6} |\[[^\]]+\]: |\S+$)/.test(line)
      const seen = line.replaceAll(/\]\([^)\s]+\)/g, ']()')
      return !fixed && [...seen].length > columns ? [`${index + 1}: ${line}`] : []
    })
}

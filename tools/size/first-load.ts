import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** What the HTML names, and what a module imports whenever it is loaded. `import('…')` is no first load. */
const IN_HTML = /(?:src|href)="(\/[^"]+\.(?:js|css))"/g
const IN_MODULE = /(?:\bimport|\bfrom)\s*["'`](\.[^"'`]+\.js)["'`]/g

/**
 * The files that a built page loads at once: its HTML, the scripts and styles that it names, what these import, and every `.wasm`.
 *
 * @throws {Error} where the page names no script: the figure would prove nothing
 */
export function firstLoad(folder: string): readonly Buffer[] {
  const html = readFileSync(join(folder, 'index.html'))
  const paths = new Set(
    readdirSync(join(folder, 'assets'), { encoding: 'utf8' })
      .filter((name) => name.endsWith('.wasm'))
      .map((name) => `assets/${name}`),
  )
  const follow = (path: string): void => {
    if (paths.has(path)) return
    paths.add(path)
    for (const [, next = ''] of readFileSync(join(folder, path), 'utf8').matchAll(IN_MODULE))
      if (path.endsWith('.js')) follow(normalize(join(dirname(path), next)))
  }
  for (const [, path = ''] of html.toString('utf8').matchAll(IN_HTML)) follow(path.slice(1))
  if (![...paths].some((path) => path.endsWith('.js'))) throw new Error(`${folder}/index.html names no script`)
  return [html, ...[...paths].map((path) => readFileSync(join(folder, path)))]
}

import { readFileSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder: string = fileURLToPath(new URL('../../../e2e/specs', import.meta.url))

/** A test takes `chat`, which opens the page, or `pageServer`, which serves it (e2e/support/test.ts). */
const takesPage = /\(\{[^()]*\b(?:chat|pageServer)\b[^()]*\}\)\s*=>/

/**
 * Files of scenarios that open the chat, relative to `e2e`. The others use parts that a sabotaged build leaves alone: they would run once
 * more what `pnpm e2e` runs.
 */
export function scenariosOfThePage(): string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.spec.ts'))
  return files
    .filter((name) => takesPage.test(readFileSync(`${folder}/${name}`, 'utf8')))
    .map((name) => `specs/${name}`)
}

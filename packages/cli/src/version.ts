import { readFileSync } from 'node:fs'

/** The version of this package; the build writes it here. */
declare const VERSION: string

function fromSources(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

export const version: string = typeof VERSION === 'string' ? VERSION : fromSources()

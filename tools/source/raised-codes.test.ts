import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'smol-toml'
import { describe, expect, it } from 'vitest'
import { raisedCodes } from './raised-codes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const registry = parse(readFileSync(`${root}/spec/codes.toml`, 'utf8')) as Record<string, Record<string, unknown>>

function raisers(code: string): readonly string[] {
  const entry = code
    .split('.')
    .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], registry)
  return (entry as { by?: string[] } | undefined)?.by ?? []
}

describe.each([
  ['sdk', 'packages/web-sdk/src'],
  ['cli', 'packages/cli/src'],
])('the registry of codes and what %s raises', (component, folder) => {
  const codes = raisedCodes(root, folder)

  it('are found in the source', () => {
    expect(codes.length).toBeGreaterThan(10)
  })

  it.each(codes)('agree on %s', (code) => {
    expect(raisers(code), `\`by\` of ${code} in spec/codes.toml`).toContain(component)
  })
})

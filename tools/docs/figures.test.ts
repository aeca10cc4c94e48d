import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const count = readdirSync(`${root}/spec/vectors/bundles`).length

/** A figure with commas between its thousands. */
function figure(text: string | undefined): number {
  return Number(text?.replaceAll(',', ''))
}

test.each([
  ['docs/ASSURANCE.md', /\| whole bundles [^|]*\| ([\d,]+) \|/],
  ['assurance/third-reader/README.md', /\{"vectors":(\d+),/],
])('%s counts the vectors that there are', (file, pattern) => {
  expect(figure(pattern.exec(readFileSync(`${root}/${file}`, 'utf8'))?.[1])).toBe(count)
})

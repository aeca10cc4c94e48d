import { readFile } from 'node:fs/promises'

/**
 * A configuration that docs/proxies gives to operators, with addresses and files of this run in place of its examples.
 *
 * @param replacements each must occur: the tests then run what the documentation shows
 */
export async function fillSample(name: string, replacements: readonly (readonly [string, string])[]): Promise<string> {
  let text = await readFile(new URL(`../../../docs/proxies/${name}`, import.meta.url), 'utf8')
  for (const [example, actual] of replacements) {
    if (!text.includes(example)) throw new Error(`docs/proxies/${name} does not say ${JSON.stringify(example)}`)
    text = text.replaceAll(example, actual)
  }
  return text
}

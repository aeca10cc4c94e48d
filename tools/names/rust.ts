import { withoutLiterals } from '../source/rust-functions.ts'

const items = /\b(?:struct|enum|union|trait|type|fn|mod|const|static)\s+(?:mut\s+)?(\w+)/g
/** Fields and parameters: a name, then one colon. */
const typed = /\b(\w+)\s*:(?!:)/g
/** Patterns: of `let`, of `for`, of a closure and of an arm. */
const patterns = [/\blet\s+([^=;]+)/g, /\bfor\s+([^{;]+?)\s+in\b/g, /\|([^|\n{};]*)\|/g, /([^{},;\n]*)=>/g]
const bindings = /(?<![.:\w])[a-z_]\w*(?![\w(!:])/g

/**
 * The names that a Rust source declares: items, fields, parameters and the bindings of patterns. It does not parse Rust: some names
 * that are only used are told too, and variants of enums are not.
 */
export function declaredInRust(source: string): Set<string> {
  const text = withoutLiterals(source)
  const names = new Set<string>()
  for (const form of [items, typed]) for (const [, name = ''] of text.matchAll(form)) names.add(name)
  for (const form of patterns)
    for (const [, pattern = ''] of text.matchAll(form)) for (const [name] of pattern.matchAll(bindings)) names.add(name)
  return names
}

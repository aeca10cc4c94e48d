/** A policy, or a part of one, that a document shows. */
export interface PolicyExample {
  /** Document and line. */
  readonly at: string
  /** The definition of the schema that it is an example of; `Policy` for members of a policy. */
  readonly of: 'Policy' | 'Anchor' | 'EventRule'
  /** `{}` and `[]` stand where the document shows nothing but an ellipsis. */
  readonly value: Readonly<Record<string, unknown>>
}

const anchorKinds = new Set(['ak-name', 'simulated', 'azure', 'gcp', 'custom-ca'])
const eventMembers = ['digests', 'data', 'text', 'separator', 'variable']
/** A block that has one of these at its top shows a policy or members of one. */
const policyMembers = ['anchors', 'platform', 'releaseKeys']

/** The examples in the blocks `json` and `jsonc` of a Markdown document. */
export function policyExamples(path: string, markdown: string): PolicyExample[] {
  const blocks = [...markdown.matchAll(/^( *)```jsonc?\n([^]*?)^ *```/gm)]
  return blocks.flatMap(({ 2: text = '', index }) => {
    const at = `${path}:${markdown.slice(0, index).split('\n').length}`
    return values(text).flatMap((value) => {
      const of = kindOf(value)
      return of === undefined ? [] : [{ at, of, value }]
    })
  })
}

function kindOf(value: Readonly<Record<string, unknown>>): PolicyExample['of'] | undefined {
  if (policyMembers.some((name) => name in value)) return 'Policy'
  if (anchorKinds.has(String(value['kind']))) return 'Anchor'
  return eventMembers.some((name) => name in value) ? 'EventRule' : undefined
}

/** The objects that a block shows: a value, several below each other, or members of an object. */
function values(block: string): Readonly<Record<string, unknown>>[] {
  const text = block
    .replaceAll(/("(?:[^"\\\n]|\\.)*")|\/\/.*/g, (_, quoted: string | undefined) => quoted ?? '')
    .replaceAll('[…]', '[]')
    .replaceAll('{…}', '{}')
    .trim()
  for (const json of [`[${text}]`, `[{${text}}]`, `[${text.replaceAll(/\}\s*\n\s*\{/g, '},{')}]`])
    try {
      return (JSON.parse(json) as unknown[]).filter(isObject)
    } catch {
      // Another form, or no example in JSON.
    }
  return []
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

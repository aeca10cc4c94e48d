/** A schema, or a part of one, as JSON. */
export type Schema = Readonly<Record<string, unknown>>

/** Keywords that limit values and that no type of TypeScript expresses. The verifier checks them. */
const beyondTypes = new Set([
  '$schema',
  'anyOf',
  'default',
  'dependentRequired',
  'examples',
  'if',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minItems',
  'minLength',
  'minProperties',
  'minimum',
  'not',
  'oneOf',
  'pattern',
  'patternProperties',
  'prefixItems',
  'propertyNames',
  'then',
  'title',
  'uniqueItems',
])

/**
 * Rewrites a schema of draft 2020-12 so that `json-schema-to-typescript` gives types as narrow as the schema: alternatives of required
 * members become unions, values without members of their own become inline types, and defaults and bounds become part of the comments.
 *
 * @throws Error for a `$ref` that leads nowhere
 */
export function forGenerator(schema: Schema): Schema {
  const definitions = (schema['$defs'] ?? {}) as Readonly<Record<string, Schema>>
  const named = Object.entries(definitions).filter(([, definition]) => hasName(definition))
  const titled = named.map(([name, definition]) => [
    name,
    { title: pascalCase(name), ...rewrite(definition, definitions) },
  ])
  // A policy itself stays one interface: programs copy one and change a member, and unions of this size do not survive that.
  const { $defs: _, anyOf: __, dependentRequired: ___, ...root } = schema
  return { ...rewrite(root, definitions), $defs: Object.fromEntries(titled) }
}

/** What has members or alternatives gets a type of its own. Texts, numbers and lists of them are named by their member. */
function hasName({ type }: Schema): boolean {
  return type !== 'string' && type !== 'integer' && type !== 'array'
}

function pascalCase(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}

function rewrite(schema: Schema, definitions: Readonly<Record<string, Schema>>): Schema {
  const again = (part: unknown): Schema => rewrite(part as Schema, definitions)
  const { $ref, ...beside } = schema
  if (typeof $ref === 'string') {
    const definition = definitions[$ref.replace('#/$defs/', '')]
    if (definition === undefined) throw new Error(`${$ref} is not defined`)
    return hasName(definition) ? { $ref } : again({ ...definition, ...beside })
  }
  const kept = Object.fromEntries(Object.entries(schema).filter(([keyword]) => !beyondTypes.has(keyword)))
  const description = commentOf(schema)
  const result: Record<string, unknown> = { ...kept, ...(description !== '' && { description }) }
  if (Array.isArray(schema['prefixItems']))
    return { ...result, tsType: `[${schema['prefixItems'].map(() => 'number').join(', ')}]` }
  if (isSchema(schema['items'])) result['items'] = again(schema['items'])
  if (isSchema(schema['additionalProperties'])) result['additionalProperties'] = again(schema['additionalProperties'])
  if (isSchema(schema['properties'])) {
    const members = Object.entries(schema['properties']).map(([name, member]) => [name, again(member)])
    return withAlternatives({ ...result, properties: Object.fromEntries(members) }, alternativesOf(schema))
  }
  if (Array.isArray(schema['allOf'])) return again(schema['allOf'][0])
  if (Array.isArray(schema['oneOf'])) return { ...result, oneOf: schema['oneOf'].map(again) }
  return result
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The description, with the default, the bounds of a number, and the examples. */
function commentOf({ description, default: preset, minimum, maximum, examples = [] }: Schema): string {
  const said = typeof description === 'string' ? [description] : []
  if (minimum !== undefined && maximum !== undefined) said.push(`${String(minimum)} to ${String(maximum)}.`)
  if (preset !== undefined) said.push(`Default: \`${JSON.stringify(preset)}\`.`)
  const shown = (examples as unknown[]).map(
    (example) => `\n\n@example\n\`\`\`json\n${JSON.stringify(example, null, 2)}\n\`\`\``,
  )
  return said.join(' ') + shown.join('')
}

/** Members that an object has, or does not have, in one of its forms. */
interface Form {
  readonly required: readonly string[]
  readonly absent: readonly string[]
}

/** For each rule about which members stand together: the forms that satisfy it. */
function alternativesOf(schema: Schema): Form[][] {
  const groups: Form[][] = []
  const { oneOf, anyOf, dependentRequired } = schema
  if (Array.isArray(oneOf)) {
    const lists = (oneOf as { required: string[] }[]).map(({ required }) => required)
    groups.push(
      lists.map((required) => ({ required, absent: lists.flat().filter((name) => !required.includes(name)) })),
    )
  }
  if (Array.isArray(anyOf))
    groups.push((anyOf as { required: string[] }[]).map(({ required }) => ({ required, absent: [] })))
  for (const [name, needs] of Object.entries((dependentRequired ?? {}) as Record<string, string[]>))
    groups.push([
      { required: [name, ...needs], absent: [] },
      { required: [], absent: [name] },
    ])
  return groups
}

/** `schema` and, for each rule, one of its forms. Members that no rule names stand in the first part alone. */
function withAlternatives(schema: Record<string, unknown>, groups: readonly Form[][]): Schema {
  if (groups.length === 0) return schema
  const { description, ...base } = schema
  const properties = base['properties'] as Readonly<Record<string, Schema>>
  const parts = groups.map((forms) => ({
    oneOf: forms.map(({ required, absent }) => ({
      type: 'object',
      additionalProperties: false,
      required,
      properties: {
        ...Object.fromEntries(required.map((name) => [name, withoutComment(properties[name])])),
        ...Object.fromEntries(absent.map((name) => [name, { tsType: 'never' }])),
      },
    })),
  }))
  return { ...(description !== undefined && { description }), allOf: [base, ...parts] }
}

/** The comment of a member, and that of its items, stand in the first part. */
function withoutComment(member: Schema = {}): Schema {
  const { description: _, items, ...rest } = member
  return isSchema(items) ? { ...rest, items: withoutComment(items) } : rest
}

import { demand } from '../refusal.ts'
import { type Der, oidOf, tag } from './der.ts'
import { Fields } from './fields.ts'

/** One attribute of a name; `value` are the bytes of its string. */
export interface Attribute {
  readonly type: string
  readonly value: Uint8Array
}

/** RDNSequence, RFC 5280 §4.1.2.4, flattened: nothing here depends on which attributes share a set. */
export type Name = readonly Attribute[]

/** @throws {Refusal} with `code` */
export function readName(value: Der, code: string): Name {
  demand(value.tag === tag.sequence, code, 'a name is no SEQUENCE')
  return value.children.flatMap((set) => {
    demand(set.tag === tag.set && set.children.length > 0, code, 'a name without attributes')
    return set.children.map((attribute) => {
      const fields = new Fields(attribute, tag.sequence, code)
      const type = oidOf(fields.take(tag.oid))
      const string = fields.any()
      fields.end()
      return { type, value: string.content }
    })
  })
}

/** The values of one type of attribute, as text. */
export function valuesOf(name: Name, type: string): string[] {
  return name.filter((attribute) => attribute.type === type).map(({ value }) => Buffer.from(value).toString('utf8'))
}

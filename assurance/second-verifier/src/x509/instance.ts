import { demand, Refusal } from '../refusal.ts'
import type { Certificate } from './certificate.ts'
import { context, type Der, integerOf, tag } from './der.ts'
import { Fields } from './fields.ts'

/** The machine that Google's certificate names, PROTOCOL.md §17.3. */
export interface Instance {
  readonly zone: string
  readonly projectNumber: string
  readonly projectId: string
  readonly instanceId: string
  readonly instanceName: string
}

const extension = '1.3.6.1.4.1.11129.2.1.21'
const code = 'chain.instance'

/** @throws {Refusal} chain.instance */
export function readInstance({ extensions }: Certificate): Instance {
  const value = extensions.others.get(extension)
  if (value === undefined) throw new Refusal(code, 'no machine is named')
  const fields = new Fields(value, tag.sequence, code)
  const instance = {
    zone: text(fields.take(tag.utf8String)),
    projectNumber: number(fields.take(tag.integer)),
    projectId: text(fields.take(tag.utf8String)),
    instanceId: number(fields.take(tag.integer)),
    instanceName: text(fields.take(tag.utf8String)),
  }
  const security = new Fields(inner(fields.take(context(0, true))), tag.sequence, code)
  number(inner(security.take(context(0, true))))
  const production = inner(security.take(context(1, true)))
  demand(production.tag === tag.boolean && production.content[0] === 0xff, code, 'not for production')
  return instance
}

function inner({ children }: Der): Der {
  const [only] = children
  if (only === undefined || children.length !== 1) throw new Refusal(code, 'an EXPLICIT tag without its one value')
  return only
}

function number(value: Der): string {
  demand(value.tag === tag.integer && integerOf(value) >= 0n, code, 'a negative number')
  return integerOf(value).toString()
}

function text({ content }: Der): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch {
    throw new Refusal(code, 'no UTF-8')
  }
}

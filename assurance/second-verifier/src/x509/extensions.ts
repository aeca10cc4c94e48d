import { fromHex, toHex } from '../bytes.ts'
import { demand, Refusal } from '../refusal.ts'
import { context, type Der, integerOf, oidOf, readDer, tag } from './der.ts'
import { Fields } from './fields.ts'
import { readName, type Name } from './name.ts'

/** What the extensions of a certificate say, RFC 5280 §4.2.1. */
export interface Extensions {
  readonly ca: boolean
  readonly pathLength: bigint | undefined
  /** Bits by their number in RFC 5280 §4.2.1.3; undefined where the extension is absent. */
  readonly keyUsage: ReadonlySet<number> | undefined
  readonly purposes: readonly string[] | undefined
  readonly policies: readonly string[]
  readonly directoryNames: readonly Name[]
  readonly altNameIsCritical: boolean
  /** All of them, by identifier: read as DER, and as they stand. */
  readonly others: ReadonlyMap<string, Der>
  readonly raw: ReadonlyMap<string, Uint8Array>
}

const oid = {
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  policyMappings: '2.5.29.33',
  authorityKeyIdentifier: '2.5.29.35',
  policyConstraints: '2.5.29.36',
  extKeyUsage: '2.5.29.37',
  inhibitAnyPolicy: '2.5.29.54',
} as const

const processed: ReadonlySet<string> = new Set([
  oid.subjectKeyIdentifier,
  oid.keyUsage,
  oid.subjectAltName,
  oid.basicConstraints,
  oid.certificatePolicies,
  oid.authorityKeyIdentifier,
  oid.extKeyUsage,
])
const policyExtensions: ReadonlySet<string> = new Set([oid.policyMappings, oid.policyConstraints, oid.inhibitAnyPolicy])

const code = 'chain.extension'

/** What the extensions of some authorities are allowed. */
export interface ExtensionRules {
  /** One whose value need not be DER, where it is not critical. */
  readonly opaque: string | undefined
  /** Values of keyUsage that are no named bit list, with what they mean; hex. */
  readonly alsoWritten: ReadonlyMap<string, string>
}

interface Extension {
  readonly critical: boolean
  readonly value: Der
}

/** @throws {Refusal} chain.syntax, chain.extension and what has a code of its own in the layer */
export function readExtensions(list: Der, { opaque, alsoWritten }: ExtensionRules): Extensions {
  const raw = new Map<string, Uint8Array>()
  const others = new Map<string, Der>()
  const fields = new Fields(list, tag.sequence, 'chain.syntax')
  demand(fields.left > 0, 'chain.syntax', 'an empty list of extensions')
  const said: KnownExtensions = { ...nothing }
  for (const [index, member] of list.children.entries()) {
    const { id, critical, bytes } = readExtension(member)
    demand(!isRepeated(id, list.children.slice(index + 1)), 'chain.duplicate_extension', id)
    raw.set(id, bytes)
    if (id === opaque && !critical) continue
    checkApplicable(id)
    const written = id === oid.keyUsage ? alsoWritten.get(toHex(bytes)) : undefined
    const value = readDer(written === undefined ? bytes : fromHex(written), code)
    others.set(id, value)
    Object.assign(said, readExtensionValue(id, { critical, value }))
    demand(!critical || processed.has(id), 'chain.critical_extension', id)
  }
  return { ...said, others, raw }
}

type KnownExtensions = Omit<Extensions, 'others' | 'raw'>
const nothing: KnownExtensions = {
  ca: false,
  pathLength: undefined,
  keyUsage: undefined,
  purposes: undefined,
  policies: [],
  directoryNames: [],
  altNameIsCritical: false,
}

/** Whether one of the extensions that follow has the identifier; nobody looks behind one that is malformed. */
function isRepeated(id: string, following: readonly Der[]): boolean {
  for (const member of following)
    try {
      if (readExtension(member).id === id) return true
    } catch (error) {
      if (error instanceof Refusal) return false
      throw error
    }
  return false
}

/** What an extension says, where it is one that is read. */
function readExtensionValue(id: string, extension: Extension): Partial<KnownExtensions> {
  const { critical, value } = extension
  switch (id) {
    case oid.subjectKeyIdentifier:
      readSubjectKeyIdentifier(value)
      return {}
    case oid.authorityKeyIdentifier:
      readAuthorityKeyIdentifier(value)
      return {}
    case oid.basicConstraints:
      return readBasicConstraints(value)
    case oid.keyUsage:
      return { keyUsage: readKeyUsage(value) }
    case oid.extKeyUsage:
      return { purposes: readPurposes(value) }
    case oid.certificatePolicies:
      return { policies: readPolicies(value) }
    case oid.subjectAltName:
      return { directoryNames: readAltName(extension), altNameIsCritical: critical }
    default:
      return {}
  }
}

function readExtension(value: Der): { readonly id: string; readonly critical: boolean; readonly bytes: Uint8Array } {
  const fields = new Fields(value, tag.sequence, 'chain.syntax')
  const id = oidOf(fields.take(tag.oid))
  const critical = fields.optional(tag.boolean)
  demand(critical === undefined || critical.content[0] === 0xff, 'chain.syntax', 'a DEFAULT that is written out')
  const wrapped = fields.take(tag.octetString)
  fields.end()
  return { id, critical: critical !== undefined, bytes: wrapped.content }
}

/** Some would have to be applied to the rest of the path. */
function checkApplicable(id: string): void {
  if (id === oid.nameConstraints) throw new Refusal('chain.name_constraints', id)
  if (policyExtensions.has(id)) throw new Refusal('chain.policy_constraints', id)
}

function readBasicConstraints(value: Der): Pick<Extensions, 'ca' | 'pathLength'> {
  const fields = new Fields(value, tag.sequence, code)
  const ca = fields.optional(tag.boolean)
  demand(ca === undefined || ca.content[0] === 0xff, code, 'a DEFAULT that is written out')
  const length = fields.optional(tag.integer)
  fields.end()
  demand(length === undefined || (ca !== undefined && integerOf(length) >= 0n), code, 'pathLenConstraint')
  return { ca: ca !== undefined, pathLength: length === undefined ? undefined : integerOf(length) }
}

/** A named bit list: its last bit is set (X.690 §11.2.2). */
function readKeyUsage({ tag: type, content }: Der): ReadonlySet<number> {
  const [unused = 0, ...octets] = content
  const last = octets.at(-1) ?? 0
  demand(type === tag.bitString && octets.length > 0 && octets.length <= 2, code, 'keyUsage')
  demand(((last >> unused) & 1) === 1, code, 'keyUsage is no named bit list')
  const bits = octets.flatMap((octet, index) =>
    [...Array(8).keys()].filter((bit) => (octet >> (7 - bit)) & 1).map((bit) => 8 * index + bit),
  )
  demand(
    bits.every((bit) => bit <= 8),
    code,
    'keyUsage has an unknown bit',
  )
  return new Set(bits)
}

function readPurposes(value: Der): readonly string[] {
  const purposes = children(value).map((purpose) => oidOfChild(purpose))
  demand(purposes.length > 0, code, 'extKeyUsage is empty')
  return purposes
}

function readPolicies(value: Der): readonly string[] {
  const policies = children(value).map((information) => {
    const fields = new Fields(information, tag.sequence, code)
    const policy = oidOf(fields.take(tag.oid))
    const qualifiers = fields.optional(tag.sequence)
    demand(qualifiers === undefined || qualifiers.children.length > 0, code, 'policyQualifiers')
    fields.end()
    return policy
  })
  demand(policies.length > 0 && new Set(policies).size === policies.length, code, 'certificatePolicies')
  return policies
}

function readAltName({ critical, value }: Extension): readonly Name[] {
  const names = children(value)
  demand(names.length > 0 && names.every(isGeneralName), code, 'subjectAltName')
  const directory = names.filter((name) => name.tag === context(4, true))
  const read = directory.map((name) => {
    const [only] = name.children
    if (only === undefined || name.children.length !== 1) throw new Refusal(code, 'a directory name')
    return readName(only, code)
  })
  if (critical) demand(directory.length === names.length, 'chain.critical_extension', 'subjectAltName')
  return read
}

/** otherName, x400Address, directoryName and ediPartyName are constructed, the other five are not: RFC 5280 §4.2.1.6. */
function isGeneralName({ tag: identifier }: Der): boolean {
  const number = identifier & 0x1f
  return number <= 8 && identifier === context(number, [0, 3, 4, 5].includes(number))
}

function readSubjectKeyIdentifier(value: Der): void {
  demand(value.tag === tag.octetString, code, 'subjectKeyIdentifier')
}

function readAuthorityKeyIdentifier(value: Der): void {
  const fields = new Fields(value, tag.sequence, code)
  fields.optional(context(0, false))
  const issuer = fields.optional(context(1, true))
  const serial = fields.optional(context(2, false))
  fields.end()
  demand((issuer === undefined) === (serial === undefined), code, 'authorityKeyIdentifier')
}

function children(value: Der): readonly Der[] {
  demand(value.tag === tag.sequence, code, 'no SEQUENCE')
  return value.children
}

function oidOfChild(value: Der): string {
  demand(value.tag === tag.oid, code, 'no OBJECT IDENTIFIER')
  return oidOf(value)
}

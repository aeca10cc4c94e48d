import { toHex } from '../bytes.ts'
import { demand } from '../refusal.ts'
import type { Certificate } from './certificate.ts'
import { type Instance, readInstance } from './instance.ts'
import { valuesOf } from './name.ts'

/** Whose rules a leaf has to meet, PROTOCOL.md §17.3. */
export type Profile = 'azure' | 'gcp' | 'gcp-first' | 'custom-ca'

const roots: Readonly<Record<string, Profile>> = {
  e6c596b17f8ffefba5c300f714cfb1260c6028704ecf7becc4ab5018efb00e95: 'azure',
  '594759594b9b61524f6c8ef668f7177f7b9066bc0674f2f49fe9e052be78beb2': 'gcp',
  '9bd5285f8fb18502a7947e621ffd470266f49fcd3b73e19a190f690ad32a7caf': 'gcp-first',
}

export function profileOf(rootSha256: Uint8Array): Profile {
  return roots[toHex(rootSha256)] ?? 'custom-ca'
}

const purpose = {
  /** tcg-kp-EKCertificate and tcg-kp-AIKCertificate, TCG EK Credential Profile and its registry. */
  endorsementKey: '2.23.133.8.1',
  attestationKey: '2.23.133.8.3',
  any: '2.5.29.37.0',
} as const
/** digitalSignature and contentCommitment, RFC 5280 §4.2.1.3. */
const [digitalSignature, contentCommitment] = [0, 1] as const
const commonName = '2.5.4.3'
const tpmManufacturer = '2.23.133.2.1'
const google = 'id:474F4F47'

/** What a leaf says beyond RFC 5280. */
export interface Leaf {
  readonly certificate: Certificate
  readonly instance: Instance | undefined
  readonly vm: 'confidential' | 'trusted' | undefined
}

/** @throws {Refusal} chain.leaf_key_usage, chain.leaf_purpose, chain.leaf_name, chain.instance */
export function checkProfile([leaf]: readonly Certificate[], profile: Profile): Leaf {
  if (leaf === undefined) throw new TypeError('a path has a leaf')
  const { keyUsage, purposes } = leaf.extensions
  const signs = keyUsage?.has(digitalSignature) === true
  const onlySigns = [...(keyUsage ?? [])].every((bit) => bit === digitalSignature || bit === contentCommitment)
  demand(signs && onlySigns, 'chain.leaf_key_usage', 'keyUsage')
  const has = (id: string): boolean => purposes?.includes(id) === true
  if (profile === 'gcp') demand(purposes === undefined, 'chain.leaf_purpose', 'extKeyUsage')
  else if (profile === 'gcp-first') demand(has(purpose.endorsementKey), 'chain.leaf_purpose', 'extKeyUsage')
  else demand(has(purpose.attestationKey) && !has(purpose.endorsementKey), 'chain.leaf_purpose', 'extKeyUsage')
  if (profile === 'gcp-first') checkFirstHierarchy(leaf)
  const isGoogle = profile === 'gcp' || profile === 'gcp-first'
  return { certificate: leaf, instance: isGoogle ? readInstance(leaf) : undefined, vm: vmOf(leaf) }
}

/** What an authority may certify under `azure` and `custom-ca`. @throws {Refusal} chain.ca_purpose */
export function checkAuthorityPurpose({ extensions: { purposes } }: Certificate): void {
  const certifies =
    purposes === undefined || purposes.includes(purpose.attestationKey) || purposes.includes(purpose.any)
  demand(certifies, 'chain.ca_purpose', 'extKeyUsage of an authority')
}

function checkFirstHierarchy({ subjectName, extensions: { altNameIsCritical, directoryNames } }: Certificate): void {
  const [first] = directoryNames
  const manufacturers = valuesOf(first ?? [], tpmManufacturer)
  const described =
    subjectName.length === 0 && altNameIsCritical && manufacturers.length === 1 && manufacturers[0] === google
  demand(described, 'chain.leaf_name', 'not a virtual TPM of Google')
}

/** Azure's word for the kind of a machine. */
function vmOf({ subjectName, extensions: { policies } }: Certificate): Leaf['vm'] {
  const [name = '', ...more] = valuesOf(subjectName, commonName)
  const confidential = ['1.3.6.1.4.1.311.108.200.1', '1.3.6.1.4.1.311.108.200.2'].some((id) => policies.includes(id))
  if (more.length > 0) return undefined
  const label = confidential ? 'ConfidentialVM' : 'TrustedVM'
  const named = ['windows.net', 'Microsoft'].some((domain) => name.endsWith(`.${label}.Azure.${domain}`))
  return named ? (confidential ? 'confidential' : 'trusted') : undefined
}

import * as maker from './certificate-maker.ts'
import * as der from './der-writer.ts'

export const attestationKey = '2.23.133.8.3'
export const endorsementKey = '2.23.133.8.1'
export const serverAuthentication = '1.3.6.1.5.5.7.3.1'
export const anyPurpose = '2.5.29.37.0'
export const unknown = '1.3.6.1.4.1.55555.1'
/** Bits of keyUsage, RFC 5280 §4.2.1.3. */
export const digitalSignature = 0
export const contentCommitment = 1
export const keyEncipherment = 2
export const keyAgreement = 4
export const keyCertSign = 5
export const crlSign = 6

type Change = Partial<maker.Template>

/** What differs from the chain that is accepted; certificates are numbered from the leaf. */
export interface Difference {
  readonly leaf?: Change
  readonly authority?: Change
  readonly root?: Change
  /** Done to the finished chain. */
  readonly chain?: (chain: readonly Uint8Array[]) => readonly Uint8Array[]
  readonly nowMs?: number
}

export type Entry = readonly [name: string, ids: string, why: string, difference: Difference]

export const leafUsage: Uint8Array = maker.keyUsage(digitalSignature)
export const leafPurpose: Uint8Array = maker.extKeyUsage(attestationKey)
export const authorityExtensions: readonly Uint8Array[] = [
  maker.basicConstraints(true),
  maker.keyUsage(keyCertSign, crlSign),
]
export const withLeaf = (...extensions: readonly Uint8Array[]): Difference => ({
  leaf: { extensions: [leafUsage, leafPurpose, ...extensions] },
})
export const withAuthority = (...extensions: readonly Uint8Array[]): Difference => ({
  authority: { extensions: [...authorityExtensions, ...extensions] },
})
export const changeLeaf = (change: (leaf: Uint8Array) => Uint8Array): Difference => ({
  chain: ([leaf, ...others]) => [change(leaf as Uint8Array), ...others],
})
export const directoryName = (text: string): Uint8Array => der.tlv(0xa4, maker.name(text))
export const dnsName: Uint8Array = der.tlv(0x82, new TextEncoder().encode('chat.example'))
export const altName = (critical: boolean, ...names: readonly Uint8Array[]): Uint8Array =>
  maker.extension('2.5.29.17', der.sequence(...names), critical)
export const empty: Uint8Array = der.sequence()
export const ecdsaWith = (last: number, ...parameters: readonly Uint8Array[]): Uint8Array =>
  der.sequence(der.oid(last === 1 ? '1.2.840.10045.4.1' : `1.2.840.10045.4.3.${last}`), ...parameters)

export function attribute(type: string, text: string): Uint8Array {
  return der.sequence(der.oid(type), der.utf8String(text))
}

export function nested(levels: number): Uint8Array {
  return levels === 1 ? der.nothing : der.sequence(nested(levels - 1))
}

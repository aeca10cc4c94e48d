import { demand, Refusal } from './refusal.ts'

/** KEM, KDF and AEAD by their numbers in the HPKE registry (RFC 9180 §7). */
export type Suite = readonly [kem: number, kdf: number, aead: number]

/** One key configuration, RFC 9458 §3.1. */
export interface KeyConfig {
  readonly bytes: Uint8Array
  readonly keyId: number
  readonly kem: number
  readonly publicKey: Uint8Array
  readonly symmetric: readonly (readonly [kdf: number, aead: number])[]
}

/** Npk of the KEMs whose keys have a known length, PROTOCOL.md §4. One of another KEM is passed over. */
const publicKeyLength: ReadonlyMap<number, number> = new Map([
  [0x0010, 65],
  [0x0011, 97],
  [0x0012, 133],
  [0x0020, 32],
  [0x0021, 56],
  [0x647a, 1216],
])

/**
 * Reads an `application/ohttp-keys` list, RFC 9458 §3.2: any error discards it whole.
 *
 * @throws {Refusal} claims.keys
 */
export function readKeyConfigs(list: Uint8Array): KeyConfig[] {
  const configs: KeyConfig[] = []
  for (let offset = 0; offset < list.length;) {
    demand(offset + 2 <= list.length, 'claims.keys', 'a length is cut off')
    const length = uint16(list, offset)
    offset += 2
    demand(offset + length <= list.length, 'claims.keys', 'a configuration is cut off')
    configs.push(readKeyConfig(list.subarray(offset, offset + length)))
    offset += length
  }
  demand(configs.length > 0, 'claims.keys', 'no configuration')
  demand(new Set(configs.map(({ keyId }) => keyId)).size === configs.length, 'claims.keys', 'a key id occurs twice')
  return configs
}

function readKeyConfig(bytes: Uint8Array): KeyConfig {
  demand(bytes.length >= 3, 'claims.keys', 'a configuration is too short')
  const [keyId, kem] = [bytes[0] as number, uint16(bytes, 1)]
  const keyLength = publicKeyLength.get(kem)
  if (keyLength === undefined) return { bytes, keyId, kem, publicKey: new Uint8Array(), symmetric: [] }
  const start = 3 + keyLength
  demand(start + 2 <= bytes.length, 'claims.keys', 'a public key is too short')
  const length = uint16(bytes, start)
  const complete = length >= 4 && length % 4 === 0 && start + 2 + length === bytes.length
  if (!complete) throw new Refusal('claims.keys', 'a list of symmetric algorithms')
  const symmetric = Array.from({ length: length / 4 }, (_, index) => {
    const at = start + 2 + 4 * index
    return [uint16(bytes, at), uint16(bytes, at + 2)] as const
  })
  return { bytes, keyId, kem, publicKey: bytes.subarray(3, start), symmetric }
}

function uint16(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset] as number) << 8) | (bytes[offset + 1] as number)
}

import { all, equal } from '../bytes.ts'
import { sha256 } from '../crypto.ts'
import { type Json, readJson } from '../json.ts'
import { demand, Refusal } from '../refusal.ts'
import type { AkPublic } from '../tpm/public.ts'

const code = 'platform.runtime_data'

/**
 * From the processor's report to the attestation key, PROTOCOL.md §18.4.
 *
 * @throws {Refusal} platform.binding, platform.runtime_data, platform.key_mismatch
 */
export async function checkRuntimeData(report: Uint8Array, data: Uint8Array, { key }: AkPublic): Promise<void> {
  const reportData = report.subarray(0x50, 0x90)
  const bound = equal(reportData.subarray(0, 32), await sha256(data)) && all(reportData.subarray(32), 0)
  demand(bound, 'platform.binding', 'REPORT_DATA covers other data')
  const modulus = readModulus(readJson(data, code))
  const own = key.kind === 'rsa' ? Buffer.from(key.modulus).toString('base64url') : undefined
  demand(modulus === own, 'platform.key_mismatch', 'another attestation key')
}

/** `n` of the one key `HCLAkPub`, RFC 7517. */
function readModulus(document: Json): string {
  const keys = memberOf(document, 'keys')
  if (!Array.isArray(keys)) throw new Refusal(code, 'no keys')
  const own = (keys as readonly Json[]).filter((key) => memberOf(key, 'kid') === 'HCLAkPub')
  const [key] = own
  demand(own.length === 1 && key !== undefined, code, `${own.length} attestation keys`)
  const n = memberOf(key, 'n')
  const isKnown = memberOf(key, 'kty') === 'RSA' && memberOf(key, 'e') === 'AQAB'
  demand(isKnown && typeof n === 'string', code, 'not an RSA key')
  return n
}

function memberOf(value: Json, name: string): Json | undefined {
  demand(value instanceof Map, code, 'no object')
  return (value as ReadonlyMap<string, Json>).get(name)
}

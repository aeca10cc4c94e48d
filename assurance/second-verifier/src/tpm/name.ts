import { bigEndian, concat, equal, toHex } from '../bytes.ts'
import { digest } from '../crypto.ts'
import { demand } from '../refusal.ts'
import type { AkPublic } from './public.ts'

/** TPM_RH_ENDORSEMENT, TPM 2.0 Part 2 §7.4. */
const endorsement = bigEndian(0x4000000b, 4)

/** `Name = nameAlg || H_nameAlg(TPMT_PUBLIC)`, Part 1 §16. */
export async function nameOf(ak: AkPublic): Promise<Uint8Array> {
  return concat(bigEndian(ak.nameAlg, 2), await digest(ak.nameHash, ak.bytes))
}

/** The qualified name of a primary of the endorsement hierarchy: its parent's name is the hierarchy's handle. */
export async function endorsementName(ak: AkPublic): Promise<Uint8Array> {
  return concat(bigEndian(ak.nameAlg, 2), await digest(ak.nameHash, concat(endorsement, await nameOf(ak))))
}

/** @throws {Refusal} ak.qualified_name */
export async function checkQualifiedName(ak: AkPublic, qualifiedSigner: Uint8Array): Promise<void> {
  const expected = await endorsementName(ak)
  demand(equal(qualifiedSigner, expected), 'ak.qualified_name', `signed by ${toHex(qualifiedSigner)}`)
}

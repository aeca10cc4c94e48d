import { demand } from '../refusal.ts'

/** TPMA_OBJECT, TPM 2.0 Part 2 §8.3. */
const bit = {
  fixedTPM: 1 << 1,
  stClear: 1 << 2,
  fixedParent: 1 << 4,
  sensitiveDataOrigin: 1 << 5,
  userWithAuth: 1 << 6,
  adminWithPolicy: 1 << 7,
  noDA: 1 << 10,
  restricted: 1 << 16,
  sign: 1 << 18,
} as const

const required = bit.fixedTPM | bit.fixedParent | bit.sensitiveDataOrigin | bit.restricted | bit.sign
const free = bit.userWithAuth | bit.adminWithPolicy | bit.noDA | bit.stClear

/** An attestation key signs what its TPM measured and nothing else, PROTOCOL.md §6. @throws {Refusal} ak.attributes */
export function checkAttributes(attributes: number): void {
  const hex = `objectAttributes are 0x${attributes.toString(16)}`
  demand((attributes & ~free) >>> 0 === required, 'ak.attributes', hex)
}

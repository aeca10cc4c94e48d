import type { Mutant } from '../../mutant.ts'
import { changed, unit, vectors } from './patch.ts'

/** The encoding of evidence (PROTOCOL.md §3). */
export const cbor: readonly Mutant[] = [
  changed(
    ['evidence'],
    'cbor: the shortest form',
    'evidence/cbor/walk.rs',
    '(argument >= smallest).then_some(',
    '(argument >= smallest || true).then_some(',
  ),
  changed(
    ['evidence'],
    'cbor: keys ascend',
    'evidence/cbor/walk.rs',
    'if last.is_some_and(|last| key <= last) {',
    'if last.is_some_and(|last| key == last) {',
  ),
  changed(
    vectors,
    'cbor: unknown critical members',
    'evidence/cbor/decoder.rs',
    'self.ensure(is_extension);',
    'let _ = is_extension;',
  ),
]

/** Signatures of every kind. */
export const signature: readonly Mutant[] = [
  changed(
    unit('signature::tests'),
    'signature: the length of a salt',
    'signature/pss.rs',
    'salts.contains(&salt.len()) && ',
    '',
  ),
  changed(
    vectors,
    'signature: an RSA signature below the modulus',
    'signature/rsa.rs',
    'if signature >= modulus {',
    'if signature >= modulus && false {',
  ),
  changed(
    unit('signature::tests'),
    'signature: moduli of the generator of CVE-2017-15361',
    'signature/rsa.rs',
    ' && !roca::has_fingerprint(modulus)',
    '',
  ),
  changed(
    unit('signature::tests'),
    'signature: Ed25519 points of small order',
    'signature/ed25519.rs',
    '.filter(|key| !key.is_weak())',
    '.filter(|key| !key.is_weak() || true)',
  ),
  changed(
    unit('signature::tests'),
    'signature: one encoding of an Ed25519 key',
    'signature/ed25519.rs',
    '(key.to_edwards().compress().as_bytes() == bytes).then_some(Self(key))',
    'Some(Self(key))',
  ),
]

/** Structures of the TPM. */
export const tpm: readonly Mutant[] = [
  changed(
    vectors,
    'tpm: attributes that must be clear',
    'tpm/public.rs',
    'self.attributes & !OPTIONAL_ATTRIBUTES == REQUIRED_ATTRIBUTES',
    'self.attributes & REQUIRED_ATTRIBUTES == REQUIRED_ATTRIBUTES',
  ),
  changed(vectors, 'tpm: safe is 0 or 1', 'tpm/attest.rs', 'if safe > 1 {', 'if safe > 1 && false {'),
  changed(
    vectors,
    'tpm: keyBits are those of the modulus',
    'tpm/public.rs',
    'modulus.len().checked_mul(8) != Some(key_bits.into())',
    'modulus.len().checked_mul(8) != Some(key_bits.into()) && false',
  ),
]

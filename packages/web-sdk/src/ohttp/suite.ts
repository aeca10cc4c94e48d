/** (kem, kdf, aead) by their HPKE code points, RFC 9180 §7. */
export type Suite = readonly [kem: number, kdf: number, aead: number]

export const KEM_X25519_SHA256 = 0x0020
/** draft-ietf-hpke-pq-04 §4: post-quantum and elliptic-curve, secure as long as one of them is. */
export const KEM_MLKEM768_X25519 = 0x647a
export const KDF_SHA256 = 0x0001
export const AEAD_AES_128_GCM = 0x0001
export const AEAD_AES_256_GCM = 0x0002

/**
 * The suites of an engine with these KEMs; the verifier picks among them. ChaCha20-Poly1305 is left out: WebCrypto has it in
 * too few runtimes.
 */
export function suitesOf(kems: readonly { id: number }[]): Suite[] {
  return kems.flatMap(({ id }) => [AEAD_AES_128_GCM, AEAD_AES_256_GCM].map((aead) => [id, KDF_SHA256, aead] as const))
}

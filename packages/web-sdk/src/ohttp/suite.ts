/** (kem, kdf, aead) by their HPKE code points, RFC 9180 §7. */
export type Suite = readonly [kem: number, kdf: number, aead: number]

/* What this engine does with WebCrypto alone, in every runtime. */
export const KEM_X25519_SHA256 = 0x0020
export const KDF_SHA256 = 0x0001
export const AEAD_AES_128_GCM = 0x0001
export const AEAD_AES_256_GCM = 0x0002

/**
 * The suites that the engine can use; the verifier picks among them. ChaCha20-Poly1305 is left out: WebCrypto has it in too
 * few runtimes.
 */
export const suites: readonly Suite[] = [
  [KEM_X25519_SHA256, KDF_SHA256, AEAD_AES_128_GCM],
  [KEM_X25519_SHA256, KDF_SHA256, AEAD_AES_256_GCM],
]

/** A standard endorsement key (PROTOCOL.md §22.1): what a credential for it is made with. */
export interface Template {
  /** nameAlg of the endorsement key, by its name in Node.js. */
  readonly hash: 'sha256' | 'sha384'
  /** Of a digest, in bytes. */
  readonly digestLength: number
  /** Of the AES key, in bits. */
  readonly keyBits: 128 | 256
  /** By its names in Node.js and in a JWK (RFC 7518 §6.2.1.1); left out for RSA. */
  readonly curve?: { readonly name: 'prime256v1' | 'secp384r1'; readonly jwk: 'P-256' | 'P-384' }
}

export type TemplateName = 'rsa-2048' | 'ecc-p256' | 'ecc-p384'

export const templates: Readonly<Record<TemplateName, Template>> = {
  'rsa-2048': { hash: 'sha256', digestLength: 32, keyBits: 128 },
  'ecc-p256': { hash: 'sha256', digestLength: 32, keyBits: 128, curve: { name: 'prime256v1', jwk: 'P-256' } },
  'ecc-p384': { hash: 'sha384', digestLength: 48, keyBits: 256, curve: { name: 'secp384r1', jwk: 'P-384' } },
}

export function isTemplateName(name: unknown): name is TemplateName {
  return typeof name === 'string' && Object.hasOwn(templates, name)
}

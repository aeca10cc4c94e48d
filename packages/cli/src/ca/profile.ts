/** What a certificate of an attestation key may be (PROTOCOL.md §17.1, §17.3, §22.6). */

/** TCG: purpose of an attestation key, and the attributes that name the TPM in subjectAltName. */
export const oid = {
  attestationKey: '2.23.133.8.3',
  tpmManufacturer: '2.23.133.2.1',
  tpmModel: '2.23.133.2.2',
  tpmVersion: '2.23.133.2.3',
  commonName: '2.5.4.3',
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extKeyUsage: '2.5.29.37',
} as const

export const dayMs = 86_400_000
/** Two clocks differ: a certificate is valid a little before it was made. */
export const skewMs = 300_000

/** In days. Renewal repeats the whole enrolment, so that a short validity bounds the use of a TPM that was lost. */
export const validity = { least: 1, usual: 7, most: 90, root: 3650, mostOfRoot: 7300 } as const

/** Bytes of a serial number: RFC 5280 §4.1.2.2 allows 20. */
export const serialLength = 16

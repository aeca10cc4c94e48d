import type { Assurance, PromptCache, StepId, Upstream } from '@blindllama/web-sdk'

/** What each step of the protocol asks, for a person who knows no TPM. */
export const STEP_TITLES: Record<StepId, string> = {
  policy: 'The page’s policy is well-formed',
  bundle: 'The evidence is complete and unambiguous',
  'release.keys': 'The release keys are known',
  status: 'The status of withdrawals is known',
  'ak.public': 'The attestation key can be read',
  'ak.trust': 'The policy accepts the attestation key',
  'ak.assurance': 'The policy accepts the assurance of the key',
  'ak.attributes': 'The key never leaves its TPM and signs only what the TPM measured',
  attest: 'The signed statement is a TPM quote',
  'ak.qualified_name': 'The key belongs to the endorsement hierarchy',
  signature: 'The quote’s signature is valid',
  'attest.firmware': 'The TPM’s firmware is not too old',
  clock: 'The TPM’s clock is reliable',
  'binding.extra_data': 'The quote covers this page’s fresh nonce and the claims',
  'binding.nonce': 'The nonce leads to the quoted root',
  claims: 'The service’s claims can be read',
  'claims.audience': 'The proof is meant for this service',
  'claims.upstream': 'The policy accepts where the model runs',
  'pcr.selection': 'The quote covers the demanded measurements',
  'pcr.digest': 'The shown measurements are the signed ones',
  'pcr.coverage': 'Every measurement that decides what runs is compared',
  'pcr.rules': 'The measurements are those of a known release',
  'claims.config': 'The configuration is an accepted one',
  eventlog: 'The event log explains the measurements',
  platform: 'The processor vouches for the TPM',
  release: 'The release keys signed the release',
  'release.log': 'The release is in a public log',
  state: 'The TPM has not gone back since the last visit',
  receipt: 'The service signed the conversation',
  freshness: 'The proof is fresh',
  key: 'An encryption key is covered by the proof',
}

export const ASSURANCE_TITLES: Record<Assurance, string> = {
  simulated: 'Simulated TPM',
  'operator-ca': 'Operator’s certificate authority',
  'cloud-vtpm': 'Virtual TPM of a cloud',
  'cvm-bound': 'Virtual TPM bound to the processor',
  'hardware-tpm': 'Hardware TPM',
}

/** What the log calls an event of a boot: its claim. A subject without a title is shown as it is. */
export const SUBJECT_TITLES: Readonly<Record<string, string>> = {
  firmware: 'Firmware',
  driver: 'Driver',
  action: 'Action of the firmware',
  'boot-application': 'Boot loader or kernel',
  'boot-order': 'Boot order',
  'boot-option': 'Boot option',
  'boot-command': 'Command of the boot loader',
  'command-line': 'Command line',
  kernel: 'Kernel',
  initrd: 'Initial file system',
  'secure-boot': 'Secure Boot',
  pk: 'Platform key',
  kek: 'Key exchange keys',
  db: 'Allowed signers',
  dbx: 'Revoked signers and images',
  authority: 'Signer that allowed an image',
  'partition-table': 'Partition table',
  variable: 'Variable of the firmware',
  file: 'File',
  tagged: 'Tagged by the boot loader',
  other: 'Other',
}

export const UPSTREAM_TITLES: Record<Upstream, string> = {
  'in-image': 'part of the measured software',
  attested: 'verified by the gateway',
  unattested: 'outside the proof',
}

export const PROMPT_CACHE_TITLES: Record<PromptCache, string> = {
  shared: 'shared: response times can reveal other visitors’ prompts',
  salted: 'apart for each request',
  none: 'none',
}

const KEMS: Record<number, string> = { 0x0020: 'X25519', 0x0010: 'P-256', 0x647a: 'ML-KEM-768 + X25519' }
const KDFS: Record<number, string> = { 1: 'HKDF-SHA256', 2: 'HKDF-SHA384', 3: 'HKDF-SHA512' }
const AEADS: Record<number, string> = { 1: 'AES-128-GCM', 2: 'AES-256-GCM', 3: 'ChaCha20-Poly1305' }

/** The suite of RFC 9180 §7 in words; an algorithm that this page has no word for is shown by its number. */
export function suiteTitle({ kemId, kdfId, aeadId }: { kemId: number; kdfId: number; aeadId: number }): string {
  return [KEMS[kemId] ?? hex(kemId), KDFS[kdfId] ?? hex(kdfId), AEADS[aeadId] ?? hex(aeadId)].join(', ')
}

function hex(id: number): string {
  return `0x${id.toString(16).padStart(4, '0')}`
}

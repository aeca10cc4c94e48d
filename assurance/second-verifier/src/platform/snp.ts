import { all, concat, equal } from '../bytes.ts'
import { sha256, webcrypto } from '../crypto.ts'
import type { PlatformPolicy, ProcessorLine, Tcb } from '../policy/platform.ts'
import { tcbParts } from '../policy/platform.ts'
import { importEcPublicKey } from '../public-key.ts'
import { demand, Refusal } from '../refusal.ts'
import type { Certificate } from '../x509/certificate.ts'
import { integerOf, tag } from '../x509/der.ts'
import { type ValidationContext, hwIdExtension, validateProcessorPath } from '../x509/processor.ts'

/** Offsets in ATTESTATION_REPORT, AMD 56860 table 23. */
const at = {
  version: 0x00,
  guestSvn: 0x04,
  policy: 0x08,
  familyId: 0x10,
  imageId: 0x20,
  vmpl: 0x30,
  signatureAlgorithm: 0x34,
  currentTcb: 0x38,
  flags: 0x48,
  measurement: 0x90,
  idKeyDigest: 0xe0,
  reportedTcb: 0x180,
  chipId: 0x1a0,
  committedTcb: 0x1e0,
  currentVersion: 0x1e8,
  committedVersion: 0x1ec,
  launchTcb: 0x1f0,
  signature: 0x2a0,
} as const
/** Bytes of a TCB. */
const tcbBytes: Readonly<Record<(typeof tcbParts)[number], number>> = { bootloader: 0, tee: 1, snp: 6, microcode: 7 }
/** AMD 57230 §3.1, under 1.3.6.1.4.1.3704.1. */
const arc = '1.3.6.1.4.1.3704.1'
const tcbExtensions: Readonly<Record<(typeof tcbParts)[number], string>> = {
  bootloader: `${arc}.3.1`,
  tee: `${arc}.3.2`,
  snp: `${arc}.3.3`,
  microcode: `${arc}.3.8`,
}
const [debugBit, migrateBit] = [19, 18] as const
/** Bits of POLICY that no version up to 5 defines start here. */
const reservedBits = 26n

/** A processor of a line that the policy names made the report, for firmware that it names: PROTOCOL.md §18.3. @throws {Refusal} platform.* */
export async function checkProcessorReport(
  report: Uint8Array,
  certificates: readonly Uint8Array[],
  policy: PlatformPolicy,
  context: ValidationContext,
): Promise<void> {
  const view = new DataView(report.buffer, report.byteOffset, report.length)
  checkForm(view)
  demand(certificates.length === 3, 'platform.certificates', `${certificates.length} certificates`)
  const root = await sha256(certificates[2] as Uint8Array)
  const line = policy.processors.find(({ arkSha256 }) => equal(arkSha256, root))
  if (line === undefined) throw new Refusal('platform.root', 'a root that the policy does not name')
  const leaf = await validateChain(certificates, line, context)
  checkChip(leaf, report, readTcb(report, at.reportedTcb))
  await checkSignature(leaf, report)
  demand(view.getUint32(at.vmpl, true) === 0, 'platform.vmpl', 'the system asked for the report')
  const guest = view.getBigUint64(at.policy, true)
  demand(
    ((guest >> BigInt(debugBit)) & 1n) === 0n && ((guest >> BigInt(migrateBit)) & 1n) === 0n,
    'platform.debug',
    'POLICY',
  )
  checkFirmware(report, view, policy)
  checkCommitted(report)
  checkVersions(report, line)
}

/** A build that the policy names, or one of a signer that it names. @throws {Refusal} platform.firmware, platform.guest_svn */
function checkFirmware(report: Uint8Array, view: DataView, policy: PlatformPolicy): void {
  const field = (offset: number, length: number): Uint8Array => report.subarray(offset, offset + length)
  const holds = (offset: number, value: Uint8Array): boolean => equal(value, field(offset, value.length))
  if (policy.measurements.some((value) => holds(at.measurement, value))) return
  const isSigned = policy.idKeyDigests.some((value) => holds(at.idKeyDigest, value))
  const isFamily = policy.familyId === undefined || holds(at.familyId, policy.familyId)
  const isImage = policy.imageId === undefined || holds(at.imageId, policy.imageId)
  demand(isSigned && isFamily && isImage, 'platform.firmware', 'other firmware')
  const svn = view.getUint32(at.guestSvn, true)
  demand(svn >= (policy.minGuestSvn ?? Infinity), 'platform.guest_svn', `GUEST_SVN ${svn}`)
}

/** The host has committed what runs, microcode aside. @throws {Refusal} platform.provisional */
function checkCommitted(report: Uint8Array): void {
  const same = (a: number, b: number, length: number): boolean =>
    equal(report.subarray(a, a + length), report.subarray(b, b + length))
  demand(same(at.currentVersion, at.committedVersion, 4), 'platform.provisional', 'build, minor, major')
  demand(same(at.currentTcb, at.committedTcb, tcbBytes.microcode), 'platform.provisional', 'TCB')
}

/** @throws {Refusal} platform.tcb */
function checkVersions(report: Uint8Array, { minTcb }: ProcessorLine): void {
  for (const field of ['currentTcb', 'reportedTcb', 'committedTcb', 'launchTcb'] as const) {
    const tcb = readTcb(report, at[field])
    for (const part of tcbParts) demand(tcb[part] >= minTcb[part], 'platform.tcb', `${field}, ${part}`)
  }
}

function checkForm(view: DataView): void {
  const version = view.getUint32(at.version, true)
  demand(version >= 2 && version <= 5, 'platform.report', `version ${version}`)
  demand(view.getUint32(at.signatureAlgorithm, true) === 1, 'platform.report', 'SIGNATURE_ALGO')
  demand(view.getUint32(at.flags, true) <= 1, 'platform.report', 'MASK_CHIP_KEY, SIGNING_KEY or a reserved flag')
  demand(view.getBigUint64(at.policy, true) >> reservedBits === 0n, 'platform.report', 'a reserved bit of POLICY')
}

async function validateChain(
  certificates: readonly Uint8Array[],
  { arkSha256 }: ProcessorLine,
  context: ValidationContext,
): Promise<Certificate> {
  try {
    const leaf = await validateProcessorPath(certificates, arkSha256, context)
    checkNamesChip(leaf)
    demand(leaf.key.kind === 'ecc' && leaf.key.curve.name === 'P-384', 'chain.key', 'certificate 0')
    return leaf
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal('platform.chain', `${error.code}: ${error.message}`)
    throw error
  }
}

function readTcb(report: Uint8Array, offset: number): Tcb {
  return Object.fromEntries(tcbParts.map((part) => [part, report[offset + tcbBytes[part]] as number])) as Tcb
}

/** The leaf names a chip and versions, whichever. */
function checkNamesChip({ extensions: { others, raw } }: Certificate): void {
  const isComplete = tcbParts.every((part) => others.get(tcbExtensions[part])?.tag === tag.integer)
  demand(isComplete && raw.has(hwIdExtension), 'chain.extension', 'certificate 0')
}

/** The leaf is that of the reporting chip at the reported versions. */
function checkChip({ extensions: { others, raw } }: Certificate, report: Uint8Array, tcb: Tcb): void {
  const hwId = raw.get(hwIdExtension)
  const isChip = hwId !== undefined && equal(hwId, report.subarray(at.chipId, at.chipId + 64))
  demand(isChip, 'platform.chip', 'CHIP_ID')
  for (const part of tcbParts) {
    const value = others.get(tcbExtensions[part])
    const isEqual = value?.tag === tag.integer && integerOf(value) === BigInt(tcb[part])
    demand(isEqual, 'platform.chip', part)
  }
}

/** ECDSA with SHA-384 over everything before the signature; r and s are little-endian in 72 bytes each. */
async function checkSignature({ key }: Certificate, report: Uint8Array): Promise<void> {
  const [r, s] = [
    report.subarray(at.signature, at.signature + 72),
    report.subarray(at.signature + 72, at.signature + 144),
  ]
  const padding = [r.subarray(48), s.subarray(48), report.subarray(at.signature + 144)]
  demand(
    padding.every((bytes) => all(bytes, 0)),
    'platform.signature',
    'something other than zeros',
  )
  if (key.kind !== 'ecc') throw new TypeError('the chain has a key on P-384')
  const imported = await importEcPublicKey(key.curve, key.x, key.y)
  const raw = concat(r.subarray(0, 48).toReversed(), s.subarray(0, 48).toReversed())
  const message = concat(report.subarray(0, at.signature))
  const verifies = await webcrypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-384' }, imported, raw, message)
  demand(verifies, 'platform.signature', 'does not verify')
}

import { equal } from './bytes.ts'
import { readReleaseEvidence, type StaticPart } from './bundle.ts'
import { sha256 } from './crypto.ts'
import type { Release } from './policy/pcrs.ts'
import type { Policy } from './policy/policy.ts'
import type { SigningPolicy } from './policy/signing.ts'
import type { CurrentStatus } from './receipt.ts'
import { demand, Refusal } from './refusal.ts'
import { type KeySet, keySetId } from './release/key-set.ts'
import { checkLogProof } from './release/log.ts'
import { candidates, type Manifest, readManifest } from './release/manifest.ts'
import { currentKeySet } from './release/rotation.ts'
import { checkSigned, documentType, preAuthentication } from './release/signed.ts'
import { checkDate, readStatus, type Status } from './release/status.ts'
import { decodeItem } from './shape.ts'
import { floorOf, type State } from './state.ts'

/** The key set that signs now: step `release.keys`. @throws {Refusal} release.* */
export async function readCurrentKeys({ keys }: SigningPolicy, part: StaticPart): Promise<KeySet | undefined> {
  return keys === undefined ? undefined : currentKeySet(keys, part.release?.keySets ?? [])
}

/** Step `status`, PROTOCOL.md §19.5: what the evidence says of withdrawals. @throws {Refusal} release.* */
export async function readCurrentStatus(
  { status: demanded }: SigningPolicy,
  current: KeySet | undefined,
  part: StaticPart,
  nowMs: number,
): Promise<Status | undefined> {
  if (demanded === undefined) return undefined
  const signers = demanded.signers ?? current
  if (part.status === undefined || signers === undefined) throw new Refusal('release.status_missing', 'no status')
  await checkSigned(part.status, documentType.status, signers)
  const status = readStatus(part.status.payload)
  checkDate(status, nowMs, demanded.maxAgeMs)
  return status
}

/**
 * Step `status` of a receipt, PROTOCOL.md §21: what the verifier itself was told. The key sets beside it go on from the set that is
 * current by the evidence.
 *
 * @throws {Refusal} bundle.*, release.*
 */
export async function readLaterStatus(
  { status: demanded }: SigningPolicy,
  current: KeySet | undefined,
  { documents, nowMs }: CurrentStatus,
): Promise<Status> {
  const { manifest: signed, keySets } = readReleaseEvidence(decodeItem(documents, 'bundle'))
  const signers = demanded?.signers ?? (current && (await currentKeySet(current, keySets)))
  if (signers === undefined) throw new Refusal('release.threshold', 'the policy says of nobody that he signs a status')
  await checkSigned(signed, documentType.status, signers)
  const status = readStatus(signed.payload)
  checkDate(status, nowMs, demanded?.maxAgeMs ?? Infinity)
  return status
}

interface Signing {
  readonly keys: KeySet | undefined
  readonly status: Status | undefined
}

/**
 * The manifest that the evidence carries, where the policy names those who sign it: steps `release` and `release.log`.
 *
 * @throws {Refusal} release.*
 */
export async function readCurrentManifest(
  { signing, releases, pcrs }: Policy,
  { keys, status }: Signing,
  { release }: StaticPart,
  state: State,
  nowMs: number,
): Promise<Manifest | undefined> {
  if (signing.keys === undefined || keys === undefined) return undefined
  if (release === undefined) {
    demand(releases.length > 0, 'release.missing', 'no manifest')
    return undefined
  }
  const { payload } = release.manifest
  await checkSigned(release.manifest, documentType.manifest, keys)
  const manifest = readManifest(payload)
  demand(manifest.bank === pcrs.bank, 'release.bank', manifest.bank.name)
  demand(nowMs >= manifest.notBefore, 'release.not_yet_valid', manifest.name)
  demand(nowMs < manifest.notAfter, 'release.expired', manifest.name)
  const own = await sha256(payload)
  demand(status?.revokedReleases.some((revoked) => equal(revoked, own)) !== true, 'release.revoked', manifest.name)
  const remembered = floorOf(state, await keySetId(signing.keys))
  const floors = [signing.keys.minVersion ?? 0, status?.minVersion ?? 0].map(BigInt)
  const isBelow = [...floors, remembered].some((floor) => BigInt(manifest.version) < floor)
  demand(!isBelow, 'release.below_floor', `version ${manifest.version}`)
  if (signing.log !== undefined) {
    if (release.proof === undefined) throw new Refusal('release.log_missing', 'no proof')
    await checkLogProof(release.proof, preAuthentication(documentType.manifest, payload), signing.log)
  }
  return manifest
}

/** What may match, in order: PROTOCOL.md §19.4. */
export function referenceValues({ releases }: Policy, manifest: Manifest | undefined): Release[] {
  return [...releases, ...(manifest === undefined ? [] : candidates(manifest))]
}

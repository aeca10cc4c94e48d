import { equal } from './bytes.ts'
import { readReleaseEvidence, type StaticPart } from './bundle.ts'
import { sha256 } from './crypto.ts'
import type { Memory } from './memory.ts'
import type { Release } from './release/values.ts'
import type { Policy } from './policy/policy.ts'
import type { SigningPolicy } from './policy/signing.ts'
import type { CurrentStatus } from './receipt.ts'
import { demand, Refusal } from './refusal.ts'
import { checkInForce, type KeySet, keySetId } from './release/key-set.ts'
import { checkLogProof } from './release/log.ts'
import { candidates, type Manifest, readManifest } from './release/manifest.ts'
import { currentKeySet } from './release/rotation.ts'
import { checkSigned, documentType, logEntry, type Signed } from './release/signed.ts'
import { checkDate, checkHappened, readStatus, type Status } from './release/status.ts'
import { decodeItem } from './shape.ts'

/** The document stands in the log, where the policy names one: PROTOCOL.md §19.6. */
async function checkLogged({ log }: SigningPolicy, type: string, document: Signed): Promise<void> {
  if (log === undefined) return
  if (document.proof === undefined) throw new Refusal('release.log_missing', type)
  await checkLogProof(document.proof, logEntry(type, document), log)
}

/** The key set that signs now: step `release.keys`. @throws {Refusal} release.* */
export async function readCurrentKeys(
  signing: SigningPolicy,
  part: StaticPart,
  memory: Memory,
  nowMs: number,
  warnings: string[],
): Promise<KeySet | undefined> {
  const { keys: pinned } = signing
  if (pinned === undefined) return undefined
  const id = await keySetId(pinned)
  const { current: newest } = memory.of(id)
  const check = async (document: Signed): Promise<void> => checkLogged(signing, documentType.keySet, document)
  const current = await currentKeySet(pinned, part.release?.keySets ?? [], newest, check)
  memory.learn(id, { current: current.id })
  checkInForce(current.set, nowMs)
  if (signing.status === undefined) warnings.push('release.status_unasked')
  return current.set
}

/** Step `status`, PROTOCOL.md §19.5: what the evidence says of withdrawals. @throws {Refusal} release.* */
export async function readCurrentStatus(
  signing: SigningPolicy,
  current: KeySet | undefined,
  part: StaticPart,
  memory: Memory,
  nowMs: number,
): Promise<Status | undefined> {
  const { status: demanded, keys: pinned } = signing
  if (demanded === undefined) return undefined
  const [signers, named] = [demanded.signers ?? current, demanded.signers ?? pinned]
  if (part.status === undefined || signers === undefined || named === undefined)
    throw new Refusal('release.status_missing', 'no status')
  checkInForce(signers, nowMs)
  await checkSigned(part.status, documentType.status, signers)
  const status = readStatus(part.status.payload)
  await checkLogged(signing, documentType.status, part.status)
  checkHappened(status, nowMs)
  const id = await keySetId(named)
  const { date: newest } = memory.of(id)
  memory.learn(id, { date: status.date })
  if (pinned !== undefined) memory.learn(await keySetId(pinned), { floor: status.minVersion ?? 0 })
  checkDate(status, newest, nowMs, demanded.maxAgeMs)
  return status
}

/**
 * Step `status` of a receipt, PROTOCOL.md §21: what the verifier itself was told. The key sets beside it go on from the set that is
 * current by the evidence.
 *
 * @throws {Refusal} bundle.*, release.*
 */
export async function readLaterStatus(
  signing: SigningPolicy,
  current: KeySet | undefined,
  { documents, nowMs }: CurrentStatus,
): Promise<Status> {
  const { manifest: signed, keySets } = readReleaseEvidence(decodeItem(documents, 'bundle'), true)
  const check = async (document: Signed): Promise<void> => checkLogged(signing, documentType.keySet, document)
  const walk = async (from: KeySet): Promise<KeySet> =>
    (await currentKeySet(from, keySets, await keySetId(from), check)).set
  const signers = signing.status?.signers ?? (current && (await walk(current)))
  if (signers === undefined) throw new Refusal('release.threshold', 'the policy says of nobody that he signs a status')
  checkInForce(signers, nowMs)
  await checkSigned(signed, documentType.status, signers)
  const status = readStatus(signed.payload)
  await checkLogged(signing, documentType.status, signed)
  checkHappened(status, nowMs)
  checkDate(status, 0n, nowMs, signing.status?.maxAgeMs ?? Infinity)
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
  memory: Memory,
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
  const id = await keySetId(signing.keys)
  const floors = [signing.keys.minVersion ?? 0, status?.minVersion ?? 0].map(BigInt)
  const isBelow = [...floors, memory.of(id).floor].some((floor) => BigInt(manifest.version) < floor)
  demand(!isBelow, 'release.below_floor', `version ${manifest.version}`)
  await checkLogged(signing, documentType.manifest, release.manifest)
  memory.learn(id, { floor: manifest.minVersion })
  return manifest
}

/** What may match, in order: PROTOCOL.md §19.4. */
export function referenceValues({ releases }: Policy, manifest: Manifest | undefined): Release[] {
  return [...releases, ...(manifest === undefined ? [] : candidates(manifest))]
}

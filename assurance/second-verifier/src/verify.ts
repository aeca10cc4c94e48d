import { checkExtraData, expectedExtraData, nonceRoot } from './binding.ts'
import { readBundle } from './bundle.ts'
import { equal, toHex, utf8 } from './bytes.ts'
import { type Claims, readClaims } from './claims.ts'
import { checkEventLog } from './policy/event-log.ts'
import { checkInstanceProof } from './instance.ts'
import type { KeyConfig, Suite } from './key-config.ts'
import { checkSelection, matchRelease, provenValues } from './pcrs.ts'
import { type Assurance, enrolmentOf, isChainVoucher, isOperatorsWord } from './policy/anchor.ts'
import { Memory } from './memory.ts'
import type { Release } from './release/values.ts'
import { openPcrs } from './policy/coverage.ts'
import { type Policy, readPolicy } from './policy/policy.ts'
import {
  readCurrentKeys,
  readCurrentManifest,
  readCurrentStatus,
  readLaterStatus,
  referenceValues,
} from './reference.ts'
import { checkReceipt, type Receipt } from './receipt.ts'
import { demand, Refusal } from './refusal.ts'
import { both } from './release/status.ts'
import { shown } from './shown.ts'
import { checkPlatform } from './platform/platform.ts'
import { checkState, nextState } from './visit.ts'
import { type Quote, readQuote } from './tpm/attest.ts'
import { checkAttributes } from './tpm/attributes.ts'
import { checkQualifiedName, nameOf } from './tpm/name.ts'
import { readAkPublic } from './tpm/public.ts'
import { readSignature, verifySignature } from './tpm/signature.ts'
import { findAnchor } from './trust.ts'

/** The input of PROTOCOL.md §8. */
export interface Input {
  readonly evidence: Uint8Array
  readonly static: Uint8Array | undefined
  readonly policy: string
  readonly audience: string
  readonly nonce: Uint8Array
  readonly nowMs: number
  readonly allowSimulated: boolean
  readonly versions: readonly number[]
  readonly suites: readonly Suite[]
  /** undefined: the caller keeps none. */
  readonly state: Uint8Array | undefined
  /** Of a receipt or a verification record, whose holder says when `nowMs` was. */
  readonly receipt: Receipt | undefined
}

/** What every required step leaves behind. */
export interface Verified {
  readonly assurance: Assurance
  /** Kinds of those that vouch, together where they are several. */
  readonly anchors: readonly string[]
  /** Of each of them the record that the policy names for this key, PROTOCOL.md §22.5; null where there is none. */
  readonly enrolments: readonly (string | null)[]
  /** That a key is in a TPM of hardware is said by nobody else. */
  readonly isOperatorsWord: boolean
  /** Hex; undefined where nothing proves the public area. */
  readonly akName: string | undefined
  /** As a verdict shows it. */
  readonly release: string
  readonly instance: string
  readonly validForMs: number
  /** Codes of the steps that warn, in their order. */
  readonly warnings: readonly string[]
  /** Hex; undefined where the caller keeps no state. */
  readonly nextState: string | undefined
  readonly key: { readonly keyId: number; readonly suite: Suite; readonly publicKey: string }
}

const maxClockDifferenceMs = 5 * 60_000

/**
 * The steps of PROTOCOL.md §8, in their order.
 *
 * @throws {Refusal} with the code of the first that fails, and what is to be kept nevertheless
 */
export async function verify(input: Input): Promise<Verified> {
  const memory = new Memory(input.state)
  try {
    return await runSteps(input, memory)
  } catch (error) {
    const kept = memory.afterFailure()
    if (error instanceof Refusal && kept !== undefined) error.nextState = toHex(kept)
    throw error
  }
}

async function runSteps(input: Input, memory: Memory): Promise<Verified> {
  const { nowMs } = input
  const warnings: string[] = []

  const policy = readPolicy(utf8(input.policy))
  const bundle = await readBundle(input.evidence, input.static, input.versions)
  const part = bundle.static
  const keys = await readCurrentKeys(policy.signing, part, memory, nowMs, warnings)
  const then = await readCurrentStatus(policy.signing, keys, part, memory, nowMs)
  const later = input.receipt?.status && (await readLaterStatus(policy.signing, keys, input.receipt.status))
  const status = later === undefined ? then : both(then, later)
  if (input.receipt !== undefined && later === undefined && then !== undefined) warnings.push('release.status_missing')

  const ak = readAkPublic(part.akPublic)
  const anchor = await findAnchor(policy.anchors, ak, { chains: part.akChains, status, nowMs })
  const assurance = await checkPlatform(policy.platform, anchor, ak, part.platform, { status, nowMs })
  checkAssurance(policy, assurance, input.allowSimulated)
  checkAttributes(ak.attributes)
  const isProven = anchor.isEndorsed || !anchor.vouchers.every(isChainVoucher)
  if (!isProven) warnings.push('ak.attributes_claimed')

  const quote = readQuote(bundle.attest)
  if (anchor.isEndorsed) await checkQualifiedName(ak, quote.qualifiedSigner)
  await verifySignature(readSignature(bundle.signature, ak), ak, bundle.attest)
  demand(quote.firmwareVersion >= (anchor.minFirmwareVersion ?? 0n), 'attest.firmware_version', 'older firmware')
  checkClock(policy, quote, warnings)

  const root = await nonceRoot(input.nonce, bundle.index, bundle.path)
  checkExtraData(quote.extraData, await expectedExtraData(root, bundle.claims))
  const claims = readClaims(bundle.claims, bundle.version, input.versions)
  await checkInstanceProof(claims, bundle)
  demand(claims.audiences.includes(policy.audience ?? input.audience), 'claims.audience', 'for another audience')
  demand(policy.acceptUpstream.includes(claims.upstream), 'claims.upstream', claims.upstream)
  if (claims.upstream === 'unattested') warnings.push('claims.upstream_unattested')
  else if (claims.promptCache === 'shared') warnings.push('claims.prompt_cache')

  const indices = [...policy.pcrs.rules.keys()]
  checkSelection(quote, policy.pcrs.bank, indices)
  demand(bundle.bank === policy.pcrs.bank, 'pcr.values', 'values of another bank')
  const values = await provenValues(quote, ak.scheme.hash, bundle.values, indices)
  const manifest = await readCurrentManifest(policy, { keys, status }, part, memory, nowMs)
  if (manifest !== undefined && manifest.version < (later?.minVersion ?? 0)) warnings.push('release.below_floor')
  checkCoverage(policy, warnings)
  const release = await matchRelease(values, policy.pcrs, claims, referenceValues(policy, manifest))
  checkConfiguration(policy, release, claims)
  if (policy.pcrs.replay.length > 0) await checkEventLog(part.eventLogs, policy.pcrs, values)

  const name = await nameOf(ak)
  const visit = { policy, name, quote, isComparable: anchor.isEndorsed }
  checkState(memory, visit, warnings)
  if (input.receipt?.exchange !== undefined) await checkReceipt(claims, input.receipt.exchange, release.modelDigest)
  if (Math.abs(claims.serverTimeMs - nowMs) > maxClockDifferenceMs) {
    demand(input.receipt === undefined, 'claims.server_time', 'another time than the holder states')
    warnings.push('claims.server_time')
  }
  const key = chooseKey(claims.keys, policy.suites, input.suites)
  const kept = nextState(memory, visit)
  return {
    assurance,
    anchors: anchor.vouchers.map(({ kind }) => kind),
    enrolments: anchor.vouchers.map((voucher) => enrolmentOf(voucher, toHex(name))),
    isOperatorsWord: anchor.vouchers.some(isOperatorsWord),
    akName: isProven ? toHex(name) : undefined,
    release: shown(release.name),
    instance: claims.instance,
    validForMs: Math.min(claims.lifetimeMs, policy.maxAgeMs),
    warnings,
    nextState: kept === undefined ? undefined : toHex(kept),
    key,
  }
}

function checkClock({ requireSafeClock }: Policy, { safe }: Quote, warnings: string[]): void {
  if (safe) return
  demand(!requireSafeClock, 'attest.clock_unsafe', 'clockInfo.safe is 0')
  warnings.push('attest.clock_unsafe')
}

function checkAssurance({ acceptAssurance }: Policy, assurance: Assurance, allowSimulated: boolean): void {
  const listed = acceptAssurance.includes(assurance)
  if (assurance === 'simulated') demand(listed && allowSimulated, 'ak.simulated', 'a simulated TPM')
  demand(listed, 'ak.assurance', assurance)
}

function checkCoverage({ pcrs, platform }: Policy, warnings: string[]): void {
  const open = openPcrs(pcrs, platform !== undefined)
  if (open.length === 0) return
  demand(pcrs.allowPartialCoverage, 'pcr.coverage', `PCR ${open.join(', ')}`)
  warnings.push('pcr.coverage')
}

function checkConfiguration({ configDigests }: Policy, release: Release, { configDigest }: Claims): void {
  const accepted = [...configDigests, ...release.configDigests].some((digest) => equal(digest, configDigest))
  demand(accepted, 'claims.config', 'no list names this digest')
}

function chooseKey(
  keys: readonly KeyConfig[],
  accepted: readonly Suite[] | undefined,
  engine: readonly Suite[],
): Verified['key'] {
  for (const { keyId, kem, publicKey, symmetric } of keys)
    for (const [kdf, aead] of symmetric) {
      const suite: Suite = [kem, kdf, aead]
      if (hasSuite(engine, suite) && (accepted === undefined || hasSuite(accepted, suite)))
        return { keyId, suite, publicKey: toHex(publicKey) }
    }
  throw new Refusal('claims.suite', 'no suite in common')
}

function hasSuite(suites: readonly Suite[], suite: Suite): boolean {
  return suites.some((other) => other.every((id, index) => id === suite[index]))
}

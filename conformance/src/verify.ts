import { checkExtraData, expectedExtraData, nonceRoot } from './binding.ts'
import { readBundle } from './bundle.ts'
import { equal, toHex, utf8 } from './bytes.ts'
import { type Claims, readClaims } from './claims.ts'
import type { KeyConfig, Suite } from './key-config.ts'
import { checkSelection, matchRelease, provenValues } from './pcrs.ts'
import { type Anchor, type Assurance } from './policy/anchor.ts'
import type { Release } from './policy/pcrs.ts'
import { type Policy, readPolicy } from './policy/policy.ts'
import { demand, Refusal } from './refusal.ts'
import { readQuote } from './tpm/attest.ts'
import { checkAttributes } from './tpm/attributes.ts'
import { checkQualifiedName, nameOf } from './tpm/name.ts'
import { type AkPublic, readAkPublic } from './tpm/public.ts'
import { readSignature, verifySignature } from './tpm/signature.ts'

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
}

/** What every required step leaves behind. */
export interface Verified {
  readonly assurance: Assurance
  readonly release: string
  readonly instance: string
  readonly validForMs: number
  /** Codes of the steps that warn, in their order. */
  readonly warnings: readonly string[]
  readonly key: { readonly keyId: number; readonly suite: Suite; readonly publicKey: string }
}

const maxClockDifferenceMs = 5 * 60_000

/** The steps of PROTOCOL.md §8, in their order. @throws {Refusal} with the code of the first that fails. */
export async function verify(input: Input): Promise<Verified> {
  const policy = readPolicy(utf8(input.policy))
  const bundle = await readBundle(input.evidence, input.static, input.versions)
  const ak = readAkPublic(bundle.static.akPublic)
  const anchor = await findAnchor(policy, ak)
  checkAssurance(policy, anchor, input.allowSimulated)
  checkAttributes(ak.attributes)
  const quote = readQuote(bundle.attest)
  if (anchor.hierarchy !== undefined) await checkQualifiedName(ak, quote.qualifiedSigner)
  await verifySignature(readSignature(bundle.signature, ak), ak, bundle.attest)
  const warnings: string[] = []
  if (!quote.safe) {
    demand(!policy.requireSafeClock, 'attest.clock_unsafe', 'clockInfo.safe is 0')
    warnings.push('attest.clock_unsafe')
  }
  const root = await nonceRoot(input.nonce, bundle.index, bundle.path)
  checkExtraData(quote.extraData, await expectedExtraData(root, bundle.claims))
  const claims = readClaims(bundle.claims, bundle.version)
  demand(claims.audiences.includes(policy.audience ?? input.audience), 'claims.audience', 'for another audience')
  demand(policy.acceptUpstream.includes(claims.upstream), 'claims.upstream', claims.upstream)
  if (claims.upstream === 'unattested') warnings.push('claims.upstream_unattested')
  const indices = [...policy.pcrs.rules.keys()]
  checkSelection(quote, policy.pcrs.bank, indices)
  demand(bundle.bank === policy.pcrs.bank, 'pcr.values', 'values of another bank')
  const values = await provenValues(quote, ak.scheme.hash, bundle.values, indices)
  const release = matchRelease(values, policy.pcrs, policy.releases)
  checkConfiguration(policy, release, claims)
  if (Math.abs(claims.serverTimeMs - input.nowMs) > maxClockDifferenceMs) warnings.push('claims.server_time')
  return {
    assurance: anchor.assurance,
    release: release.name,
    instance: claims.instance,
    validForMs: Math.min(claims.lifetimeMs, policy.maxAgeMs),
    warnings,
    key: chooseKey(claims.keys, policy.suites, input.suites),
  }
}

async function findAnchor({ anchors }: Policy, ak: AkPublic): Promise<Anchor> {
  const name = toHex(await nameOf(ak))
  const anchor = anchors.find((candidate) => candidate.name === name)
  demand(anchor !== undefined, 'ak.untrusted', name)
  return anchor
}

function checkAssurance({ acceptAssurance }: Policy, { assurance }: Anchor, allowSimulated: boolean): void {
  const listed = acceptAssurance.includes(assurance)
  if (assurance === 'simulated') demand(listed && allowSimulated, 'ak.simulated', 'a simulated TPM')
  demand(listed, 'ak.assurance', assurance)
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

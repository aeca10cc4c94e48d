import { demand } from '../refusal.ts'
import { attestationKeyRules } from './certificate.ts'
import { validatePath } from './path.ts'
import { pkiAccepts } from './pki.ts'
import { checkAuthorityPurpose, checkProfile, type Leaf, type Profile, profileOf } from './profile.ts'
import { checkNotRevoked, type Revocations } from './revocation.ts'

/**
 * The leaf that a chain ends in, validated by PROTOCOL.md §17.1 to §17.3. `profile` defaults to that of the root; `revoked` says what
 * was withdrawn.
 *
 * @throws {Refusal} chain.*
 */
export async function validateChain(
  chain: readonly Uint8Array[],
  rootSha256: Uint8Array,
  nowMs: number,
  profile: Profile = profileOf(rootSha256),
  revoked?: Revocations,
): Promise<Leaf> {
  const isLimited = profile === 'azure' || profile === 'custom-ca'
  const path = await validatePath(chain, rootSha256, nowMs, attestationKeyRules, (authority) => {
    if (isLimited) checkAuthorityPurpose(authority)
  })
  if (revoked !== undefined) await checkNotRevoked(path, revoked)
  const leaf = checkProfile(path, profile)
  demand(await pkiAccepts(path, nowMs), 'chain.pkijs', 'PKI.js refuses what passed every rule')
  return leaf
}

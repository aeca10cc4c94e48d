import type { Bundle } from './bundle.ts'
import { concat, lengthPrefixed, utf8 } from './bytes.ts'
import type { Claims } from './claims.ts'
import { sha256 } from './crypto.ts'
import { verifyEd25519 } from './ed25519.ts'
import { demand } from './refusal.ts'

const label = 'blindllama/instance-proof/v1'

/** The key that the claims name signed them, PROTOCOL.md §5. @throws {Refusal} claims.instance_key */
export async function checkInstanceProof({ instanceKey }: Claims, { claims, instanceProof }: Bundle): Promise<void> {
  const code = 'claims.instance_key'
  demand(
    (instanceKey === undefined) === (instanceProof === undefined),
    code,
    'a key without a proof, or a proof without a key',
  )
  if (instanceKey === undefined || instanceProof === undefined) return
  const message = concat(lengthPrefixed(utf8(label)), lengthPrefixed(await sha256(claims)))
  demand(await verifyEd25519(instanceKey, instanceProof, message), code, 'not signed by this process')
}

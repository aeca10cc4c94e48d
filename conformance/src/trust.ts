import { equal, toHex } from './bytes.ts'
import type { Anchor, ChainAnchor } from './policy/anchor.ts'
import { demand, Refusal } from './refusal.ts'
import type { Status } from './release/status.ts'
import { sha256 } from './crypto.ts'
import { nameOf } from './tpm/name.ts'
import type { AkPublic, PublicKey } from './tpm/public.ts'
import { validateChain } from './x509/chain.ts'

/** What vouches for a key besides its Name. */
export interface Vouchers {
  readonly chain: readonly Uint8Array[] | undefined
  readonly status: Status | undefined
  readonly nowMs: number
}

/** The first anchor that matches, PROTOCOL.md §7 and §17.4. @throws {Refusal} ak.untrusted, chain.* */
export async function findAnchor(anchors: readonly Anchor[], ak: AkPublic, vouchers: Vouchers): Promise<Anchor> {
  const name = toHex(await nameOf(ak))
  const { chain } = vouchers
  const root = chain === undefined ? undefined : await sha256(chain.at(-1) as Uint8Array)
  let firstFault: Refusal | undefined
  for (const anchor of anchors) {
    if (!isChainAnchor(anchor)) {
      if (anchor.name === name) return anchor
    } else if (chain !== undefined && root !== undefined && equal(anchor.rootSha256, root)) {
      const fault = await faultOf(async () => checkChainAnchor(anchor, ak, chain, vouchers))
      if (fault === undefined) return anchor
      firstFault ??= fault
    }
  }
  if (firstFault !== undefined) throw firstFault
  const hasChainAnchor = anchors.some(isChainAnchor)
  throw new Refusal(chain !== undefined && hasChainAnchor ? 'chain.root' : 'ak.untrusted', name)
}

function isChainAnchor(anchor: Anchor): anchor is ChainAnchor {
  return 'rootSha256' in anchor
}

async function faultOf(check: () => Promise<void>): Promise<Refusal | undefined> {
  try {
    await check()
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

async function checkChainAnchor(
  { rootSha256, profile, vm, instance }: ChainAnchor,
  ak: AkPublic,
  chain: readonly Uint8Array[],
  { status, nowMs }: Vouchers,
): Promise<void> {
  const leaf = await validateChain(chain, rootSha256, nowMs, profile, status)
  demand(sameKey(leaf.certificate.key, ak.key), 'chain.key_mismatch', 'the certificate is for another key')
  demand(vm === undefined || leaf.vm === vm, 'chain.vm_kind', leaf.vm ?? 'no kind')
  const named = { ...leaf.instance } as Record<string, string>
  for (const [key, value] of Object.entries(instance)) demand(named[key] === value, 'chain.instance_mismatch', key)
}

function sameKey(a: PublicKey, b: PublicKey): boolean {
  if (a.kind === 'rsa' && b.kind === 'rsa') return equal(a.modulus, b.modulus)
  return a.kind === 'ecc' && b.kind === 'ecc' && a.curve === b.curve && equal(a.x, b.x) && equal(a.y, b.y)
}

import { equal, toHex } from './bytes.ts'
import { type Anchor, type ChainVoucher, isChainVoucher, type Voucher } from './policy/anchor.ts'
import { codeOf, demand, Refusal } from './refusal.ts'
import type { Status } from './release/status.ts'
import { sha256 } from './crypto.ts'
import { nameOf } from './tpm/name.ts'
import type { AkPublic, PublicKey } from './tpm/public.ts'
import { validateChain } from './x509/chain.ts'

/** What vouches for a key besides its Name. */
export interface Vouchers {
  /** Each leaf to root. */
  readonly chains: readonly (readonly Uint8Array[])[]
  readonly status: Status | undefined
  readonly nowMs: number
}

/** Neither that no chain ends in a root nor that no Name is known. */
function isTelling(code: string): boolean {
  return code !== 'chain.root' && code !== 'ak.untrusted'
}

/**
 * The first anchor that matches, PROTOCOL.md §7 and §17.4. Of the faults of the others the one is told that says most, and of several of
 * these the first.
 *
 * @throws {Refusal} ak.untrusted, ak.all_of, chain.*
 */
export async function findAnchor(anchors: readonly Anchor[], ak: AkPublic, vouchers: Vouchers): Promise<Anchor> {
  const name = toHex(await nameOf(ak))
  const faults: string[] = []
  for (const anchor of anchors) {
    const codes: string[] = []
    for (const voucher of anchor.vouchers)
      codes.push(await codeOf(async () => checkVoucher(voucher, name, ak, vouchers)))
    const failed = codes.filter((code) => code !== 'ok')
    if (failed.length === 0) return anchor
    faults.push(...(failed.length < codes.length ? ['ak.all_of'] : failed))
  }
  const told = faults.find(isTelling) ?? faults.find((code) => code === 'chain.root') ?? 'ak.untrusted'
  throw new Refusal(told, name)
}

async function checkVoucher(voucher: Voucher, name: string, ak: AkPublic, vouchers: Vouchers): Promise<void> {
  if (!isChainVoucher(voucher)) {
    demand(voucher.names.includes(name), 'ak.untrusted', name)
    return
  }
  const { chains } = vouchers
  demand(chains.length > 0, 'ak.untrusted', 'no chain')
  for (const chain of chains)
    if (equal(await sha256(chain.at(-1) as Uint8Array), voucher.rootSha256))
      return checkChainVoucher(voucher, ak, chain, vouchers)
  throw new Refusal('chain.root', 'no chain ends in this root')
}

async function checkChainVoucher(
  { rootSha256, profile, vm, instance }: ChainVoucher,
  ak: AkPublic,
  chain: readonly Uint8Array[],
  { status, nowMs }: Vouchers,
): Promise<void> {
  const leaf = await validateChain(chain, rootSha256, nowMs, profile, status)
  demand(vm === undefined || leaf.vm === vm, 'chain.vm_kind', leaf.vm ?? 'no kind')
  const named = { ...leaf.instance } as Record<string, string>
  for (const [key, value] of Object.entries(instance)) demand(named[key] === value, 'chain.instance_mismatch', key)
  demand(sameKey(leaf.certificate.key, ak.key), 'chain.key_mismatch', 'the certificate is for another key')
}

function sameKey(a: PublicKey, b: PublicKey): boolean {
  if (a.kind === 'rsa' && b.kind === 'rsa') return equal(a.modulus, b.modulus)
  return a.kind === 'ecc' && b.kind === 'ecc' && a.curve === b.curve && equal(a.x, b.x) && equal(a.y, b.y)
}

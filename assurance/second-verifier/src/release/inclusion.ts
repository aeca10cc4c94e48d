import { concat, equal } from '../bytes.ts'
import { sha256 } from '../crypto.ts'
import { demand } from '../refusal.ts'

const code = 'release.log_inclusion'

/**
 * RFC 9162 §2.1.3.2; `leaf` with its prefix 00.
 *
 * @throws {Refusal} release.log_inclusion
 */
export async function checkInclusion(
  leaf: Uint8Array,
  index: bigint,
  size: bigint,
  hashes: readonly Uint8Array[],
  root: Uint8Array,
): Promise<void> {
  demand(index < size, code, `index ${index} in a tree of ${size}`)
  let fn = index
  let sn = size - 1n
  let node = await sha256(leaf)
  for (const hash of hashes) {
    demand(sn !== 0n, code, 'too many hashes')
    const isRight = (fn & 1n) === 1n || fn === sn
    node = await sha256(concat(Uint8Array.of(1), ...(isRight ? [hash, node] : [node, hash])))
    if (isRight) {
      while ((fn & 1n) === 0n && fn !== 0n) {
        fn >>= 1n
        sn >>= 1n
      }
    }
    fn >>= 1n
    sn >>= 1n
  }
  demand(sn === 0n && equal(node, root), code, 'the hashes do not lead to the root')
}

import { bigEndian, concat, equal, lengthPrefixed, utf8 } from './bytes.ts'
import { sha256 } from './crypto.ts'
import { demand } from './refusal.ts'

const label = 'blindllama/tpm-quote/v1'
const maxDepth = 20

/**
 * The root that follows from this client's nonce, PROTOCOL.md §5. `path` are the siblings from the leaf upwards.
 *
 * @throws {Refusal} binding.nonce
 */
export async function nonceRoot(nonce: Uint8Array, index: bigint, path: readonly Uint8Array[]): Promise<Uint8Array> {
  demand(path.length >= 1 && path.length <= maxDepth, 'binding.nonce', `depth ${path.length}`)
  demand(index < 1n << BigInt(path.length), 'binding.nonce', `index ${index} at depth ${path.length}`)
  let node = await sha256(concat(bigEndian(0, 1), nonce))
  for (const [level, sibling] of path.entries()) {
    const siblingIsLeft = ((index >> BigInt(level)) & 1n) === 1n
    node = await sha256(concat(bigEndian(1, 1), ...(siblingIsLeft ? [sibling, node] : [node, sibling])))
  }
  return node
}

/** The `extraData` that a quote over this root and these claims has, PROTOCOL.md §5. */
export async function expectedExtraData(root: Uint8Array, claims: Uint8Array): Promise<Uint8Array> {
  return sha256(concat(lengthPrefixed(utf8(label)), lengthPrefixed(root), lengthPrefixed(await sha256(claims))))
}

/** @throws {Refusal} binding.extra_data */
export function checkExtraData(extraData: Uint8Array, expected: Uint8Array): void {
  demand(equal(extraData, expected), 'binding.extra_data', 'the quote covers something else')
}

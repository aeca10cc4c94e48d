import { createHash } from 'node:crypto'
import { fromHex, toHex } from '../../../second-verifier/src/bytes.ts'
import { type Cbor, decodeCbor } from '../../../second-verifier/src/cbor.ts'
import { encodeCbor } from '../../../second-verifier/src/cbor-encode.ts'

/** Parts of a bundle that can be replaced, PROTOCOL.md §3. */
export type Part = 'claims' | 'attest' | 'signature' | 'akPublic' | 'akChain' | 'eventLogs'

type CborMap = ReadonlyMap<bigint, Cbor>

/** A bundle taken apart, to be put together again with another part: all that is around it stays right. */
export class Bundle {
  readonly #bundle: CborMap
  readonly #static: CborMap

  constructor(evidence: string) {
    this.#bundle = decodeCbor(fromHex(evidence)) as CborMap
    this.#static = decodeCbor(this.#bundle.get(6n) as Uint8Array) as CborMap
  }

  get(part: 'claims' | 'attest' | 'signature' | 'akPublic'): Uint8Array {
    const quote = this.#bundle.get(2n) as CborMap
    const parts = {
      claims: this.#bundle.get(1n),
      attest: quote.get(0n),
      signature: quote.get(1n),
      akPublic: this.#static.get(0n),
    }
    return parts[part] as Uint8Array
  }

  /** The evidence in hex. */
  with(part: Part, value: Cbor): string {
    const quote = this.#bundle.get(2n) as CborMap
    switch (part) {
      case 'claims':
        return toHex(encodeCbor(replace(this.#bundle, [1n, value])))
      case 'attest':
        return toHex(encodeCbor(replace(this.#bundle, [2n, replace(quote, [0n, value])])))
      case 'signature':
        return toHex(encodeCbor(replace(this.#bundle, [2n, replace(quote, [1n, value])])))
      default: {
        const key = { akPublic: 0n, akChain: 1n, eventLogs: 2n }[part]
        const bytes = encodeCbor(replace(this.#static, [key, value]))
        const hash = new Uint8Array(createHash('sha256').update(bytes).digest())
        return toHex(encodeCbor(replace(this.#bundle, [5n, hash], [6n, bytes])))
      }
    }
  }
}

/** Keys ascend in what comes out as in what goes in. */
function replace(map: CborMap, ...members: readonly (readonly [bigint, Cbor])[]): Map<bigint, Cbor> {
  const changed = new Map([...map, ...members])
  return new Map([...changed].toSorted(([a], [b]) => Number(a - b)))
}

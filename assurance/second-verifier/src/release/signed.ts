import { concat, equal, utf8 } from '../bytes.ts'
import type { Cbor } from '../cbor.ts'
import { verifyEd25519 } from '../ed25519.ts'
import { demand } from '../refusal.ts'
import { Shape } from '../shape.ts'
import { type KeySet, rolesOf } from './key-set.ts'

/** A document with its signatures, PROTOCOL.md §19.1. */
export interface Signed {
  readonly payload: Uint8Array
  readonly signatures: readonly { readonly key: Uint8Array; readonly signature: Uint8Array }[]
  /** That it stands in a log, PROTOCOL.md §19.6. */
  readonly proof: Uint8Array | undefined
}

export const documentType = {
  manifest: 'application/vnd.blindllama.release.v1+json',
  keySet: 'application/vnd.blindllama.key-set.v1+json',
  status: 'application/vnd.blindllama.status.v1+json',
} as const

/** @throws {Refusal} bundle.schema */
export function readSigned(item: Cbor, isExtensible = false): Signed {
  const shape: Shape = new Shape(item, 'bundle.schema', 'signed')
  const payload = shape.bytes(0, 262_144, 1)
  const signatures = shape.byteArray(1, 16, 1).map((bytes) => {
    shape.must(bytes.length === 96, 1)
    return { key: bytes.subarray(0, 32), signature: bytes.subarray(32) }
  })
  const proof = shape.has(2) ? shape.bytes(2, 65_536, 1) : undefined
  if (isExtensible) shape.end()
  else shape.endWithoutExtensions()
  return { payload, signatures, proof }
}

/** DSSE protocol v1.0.2, pre-authentication encoding. */
export function preAuthentication(type: string, payload: Uint8Array): Uint8Array {
  return concat(utf8(`DSSEv1 ${utf8(type).length} ${type} ${payload.length} `), payload)
}

/** What stands in a log for a document: PROTOCOL.md §19.6. */
export function logEntry(type: string, { payload, signatures }: Signed): Uint8Array {
  return concat(preAuthentication(type, payload), ...signatures.flatMap(({ key, signature }) => [key, signature]))
}

/** As many distinct keys of each role signed as the set demands. @throws {Refusal} release.signature, release.threshold */
export async function checkSigned({ payload, signatures }: Signed, type: string, set: KeySet): Promise<void> {
  const message = preAuthentication(type, payload)
  const signers = new Set<KeySet['keys'][number]>()
  for (const { key, signature } of signatures) {
    const known = set.keys.find((entry) => equal(entry.key, key))
    if (known === undefined) continue
    demand(await verifyEd25519(key, signature, message), 'release.signature', `a signature of role ${known.role}`)
    signers.add(known)
  }
  for (const role of rolesOf(set.threshold)) {
    const count = [...signers].filter((signer) => signer.role === role).length
    demand(count >= (set.threshold.get(role) as number), 'release.threshold', role)
  }
}

import { concat, equal, utf8 } from '../bytes.ts'
import { sha256 } from '../crypto.ts'
import { verifyEd25519 } from '../ed25519.ts'
import { demand } from '../refusal.ts'
import { checkInclusion } from './inclusion.ts'
import { readProof } from './proof.ts'

/** A log and those who watch it, PROTOCOL.md §19.3. */
export interface LogPolicy {
  readonly origin: string
  readonly key: Uint8Array
  readonly witnesses: readonly { readonly name: string; readonly key: Uint8Array }[]
  readonly threshold: number
}

/** Algorithm bytes of C2SP signed-note: Ed25519, and cosignature/v1. */
const [ed25519, cosignature] = [0x01, 0x04] as const

/**
 * `entry` stands in the log, and enough witnesses saw it there: PROTOCOL.md §19.6.
 *
 * @throws {Refusal} release.log_*
 */
export async function checkLogProof(bytes: Uint8Array, entry: Uint8Array, policy: LogPolicy): Promise<void> {
  const { index, hashes, checkpoint } = readProof(bytes)
  const { text, origin, size, root, signatures } = checkpoint
  demand(origin === policy.origin, 'release.log_origin', origin)
  const linesOf = async (name: string, key: Uint8Array, algorithm: number): Promise<Uint8Array[]> => {
    const id = (await sha256(concat(utf8(name), Uint8Array.of(0x0a, algorithm), key))).subarray(0, 4)
    const own = signatures.filter((line) => line.name === name && equal(line.bytes.subarray(0, 4), id))
    return own.map((line) => line.bytes.subarray(4))
  }
  const ofLog = await linesOf(policy.origin, policy.key, ed25519)
  demand(ofLog.length > 0, 'release.log_signature', 'the log did not sign')
  for (const line of ofLog)
    demand(await verifyEd25519(policy.key, line, text), 'release.log_signature', 'does not verify')
  let witnessed = 0
  for (const { name, key } of policy.witnesses) {
    const lines = await linesOf(name, key, cosignature)
    for (const line of lines)
      demand(await isCosigned(key, line, text), 'release.log_witness', `${name} does not verify`)
    if (lines.length > 0) witnessed += 1
  }
  demand(witnessed >= policy.threshold, 'release.log_witness', `${witnessed} witnesses`)
  await checkInclusion(concat(Uint8Array.of(0), entry), index, size, hashes, root)
}

/** A timestamp, and a signature over it and the checkpoint: C2SP tlog-cosignature. */
async function isCosigned(key: Uint8Array, line: Uint8Array, text: Uint8Array): Promise<boolean> {
  if (line.length !== 8 + 64) return false
  const timestamp = line.subarray(0, 8).reduce((value, byte) => value * 256n + BigInt(byte), 0n)
  if (timestamp >= 1n << 63n) return false
  return verifyEd25519(key, line.subarray(8), concat(utf8(`cosignature/v1\ntime ${timestamp}\n`), text))
}

import type { Verdict } from '@blindllama/web-sdk'
import { usage } from '../failure.js'
import { hexOf, timeOf } from '../options.js'
import { bytesOf } from '../read-file.js'
import { instant } from '../terminal/rows.js'
import { loadVerifier } from '../verifier.js'
import { judged, type Outcome } from './outcome.js'

interface Request {
  evidence: Uint8Array
  policy?: Uint8Array
  allowSimulated: boolean
  values: { nonce?: string; audience?: string; static?: string; at?: string }
}

/** KEM, KDF and AEAD of every suite that a policy can name: nothing is going to be encrypted. */
const everySuite: readonly number[] = [0x0020, 0x647a].flatMap((kem) => [1, 2, 3].flatMap((aead) => [kem, 1, aead]))

/**
 * Judges a bundle whose question is known.
 *
 * @throws {Failure} `cli.usage`, `cli.file`
 */
export async function verifyEvidence({ evidence, policy, allowSimulated, values }: Request): Promise<Outcome> {
  if (!policy || values.nonce === undefined) throw usage('evidence is judged by --policy FILE and --nonce HEX')
  const at = timeOf(values.at ?? 'now')
  const nonce = hexOf('--nonce', values.nonce, 32)
  const part = values.static === undefined ? undefined : await bytesOf(values.static)
  const { verify } = loadVerifier()
  const text = verify(
    evidence,
    part,
    policy,
    values.audience ?? '',
    nonce,
    at,
    allowSimulated,
    Uint32Array.of(1),
    Uint16Array.from(everySuite),
  )
  return judged('evidence', JSON.parse(text) as Verdict, {
    proven: ['An instance that passed this policy answered this nonce.'],
    claimed: [`That the nonce was fresh, and sent no earlier than ${instant(at)}.`],
  })
}

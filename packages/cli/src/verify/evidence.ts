import { usage } from '../failure.js'
import { hexOf, timeOf } from '../options.js'
import { bytesOf } from '../read-file.js'
import { instant } from '../terminal/rows.js'
import { everySuite, loadVerifier } from '../verifier.js'
import { judged, type Outcome } from './outcome.js'

interface Request {
  evidence: Uint8Array
  policy?: Uint8Array
  allowSimulated: boolean
  values: { nonce?: string; audience?: string; static?: string; at?: string }
}

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
  const verdict = loadVerifier().verify({
    evidence,
    staticPart: part,
    policy,
    audience: values.audience ?? '',
    nonce,
    nowMs: at,
    allowSimulated,
    versions: [1],
    suites: everySuite,
  })
  return judged('evidence', verdict, {
    policy,
    audience: values.audience,
    proven: ['An instance that passed this policy answered this nonce.'],
    claimed: [`That the nonce was fresh, and sent no earlier than ${instant(at)}.`],
  })
}

import { BlindLlamaError, connect, type Verdict } from '@blindllama/web-sdk'
import { everySuite, loadVerifier } from '../verifier.js'

/** Fresh evidence of a service, which can be judged by any number of policies. */
export interface ServiceEvidence {
  readonly bytes: Uint8Array
  readonly judge: (policy: string) => Verdict
}

/** Refused by every verifier, so that `connect` asks and goes no further. */
const noPolicy = '{}'

/**
 * Asks a service for evidence as a page does.
 *
 * @throws {BlindLlamaError} `evidence.…`, `client.options`
 */
export async function evidenceOf(url: string): Promise<ServiceEvidence> {
  let answer: { evidence: Uint8Array; nonce: Uint8Array } | undefined
  const askedMs = Date.now()
  try {
    await connect({
      url,
      policy: noPolicy,
      onEvent: (event) => {
        if (event.type === 'evidence') answer = event
      },
    })
  } catch (error) {
    if (!answer) throw error
  }
  if (!answer) throw new BlindLlamaError('evidence.unreachable', `${url} gave no evidence`)
  const { evidence, nonce } = answer
  const audience = new URL(url).origin
  const judge = (policy: string): Verdict =>
    loadVerifier().verify({
      evidence,
      policy: new TextEncoder().encode(policy),
      audience,
      nonce,
      nowMs: askedMs,
      allowSimulated: true,
      versions: [1],
      suites: everySuite,
    })
  return { bytes: evidence, judge }
}

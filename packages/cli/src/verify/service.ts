import { BlindLlamaError, connect, type Verdict } from '@blindllama/web-sdk'
import { verificationRecord } from '@blindllama/web-sdk/receipts'
import { exit } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { replaceFile } from '../replace-file.js'
import { judged, type Outcome } from './outcome.js'
import { stateFile } from './state-file.js'

interface Request {
  url: string
  policy?: Uint8Array
  allowSimulated: boolean
  /** Where to keep a record. */
  save: string | undefined
  /** Where to keep what later runs have to know. */
  state: string | undefined
}

/**
 * Asks a service for fresh evidence, as a page does, and judges it.
 *
 * @throws {BlindLlamaError} where no verdict was reached; {Failure} `cli.usage`, `cli.file`
 */
export async function verifyService({ url, policy, allowSimulated, save, state }: Request): Promise<Outcome> {
  if (!policy) throw usage('a service is judged by --policy FILE')
  let answer: { evidence: Uint8Array; nonce: Uint8Array } | undefined
  let verdict: Verdict
  const verifiedAtMs = Date.now()
  try {
    const client = await connect({
      url,
      policy,
      ...(state !== undefined && { state: stateFile(state) }),
      dangerouslyAllowSimulated: allowSimulated,
      onEvent: (event) => {
        if (event.type === 'evidence') answer = event
      },
    })
    verdict = client.verdict
    client.close()
  } catch (error) {
    if (!BlindLlamaError.isInstance(error) || !error.verdict) throw error
    verdict = error.verdict
  }
  if (save !== undefined && verdict.steps.some(({ code }) => code === 'claims.server_time'))
    throw new Failure(
      'claims.server_time',
      'the clock of this computer and that of the service differ by more than five minutes, so every verifier would refuse the record. Correct the clock first',
      exit.undecided,
    )
  if (save !== undefined && answer && verdict.result === 'pass')
    await replaceFile(
      save,
      verificationRecord({ ...answer, policy, audience: new URL(url).origin, nowMs: verifiedAtMs }),
    )
  return judged('service', verdict, {
    policy,
    audience: new URL(url).origin,
    proven: ['The service at this URL passed this policy now, and holds the key for encrypted requests.'],
    claimed: [],
  })
}

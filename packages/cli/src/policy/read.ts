import type { FailedVerdict, Policy } from '@blindllama/web-sdk'
import { explainRefusal } from '@blindllama/web-sdk/sentences'
import { exit, type ExitCode } from '../exit.js'
import { Failure, usage } from '../failure.js'
import { loadVerifier } from '../verifier.js'

/**
 * Reads a policy. The verifier decides whether it is one, so that no other reading of it counts.
 *
 * @param origin of the text, for messages
 * @throws {Failure} with the verifier's code for a policy that it refuses, and `exitCode`
 */
export function readPolicy(origin: string, policy: Uint8Array, exitCode: ExitCode = exit.undecided): Policy {
  assertPlain(origin, policy)
  const verdict = faultOf(policy)
  if (verdict) throw new Failure(verdict.code, `${origin}: ${explainRefusal(verdict, { policy })}`, exitCode)
  return JSON.parse(Buffer.from(policy).toString('utf8')) as Policy
}

/** A signed policy reads in another way, and nobody has verified its signatures here. @throws {Failure} `cli.usage` */
export function assertPlain(origin: string, policy: Uint8Array): void {
  if (
    !/^\s*\{\s*"payloadType":\s*"application\/vnd\.blindllama\.policy/.test(
      Buffer.from(policy.subarray(0, 256)).toString('latin1'),
    )
  )
    return
  throw usage(
    `${origin} is a signed policy. Name the policy that was signed; blindllama release show ${origin} prints what is in it`,
  )
}

/** The first fault that the verifier finds in a policy: its code and its place; undefined for a policy that it reads. */
export function faultOf(policy: Uint8Array): FailedVerdict | undefined {
  // Without evidence every verification fails, and later than at its policy where that can be used.
  const verdict = loadVerifier().verify({
    evidence: new Uint8Array(),
    policy,
    audience: '',
    nonce: new Uint8Array(32),
    nowMs: 0,
    allowSimulated: true,
    versions: [1],
    suites: [[0x20, 1, 1]],
  }) as FailedVerdict
  return verdict.steps.find(({ id }) => id === 'policy')?.status === 'pass' ? undefined : verdict
}
